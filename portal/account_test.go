package portal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"guichet/portal"
)

func TestAccount(t *testing.T) {
	a, err := portal.ParseAccount(" be68 5390 0754 7034 ")
	require.NoError(t, err)
	require.Equal(t, "BE68\u00a05390\u00a00754\u00a07034", a.String())
	for bank, is := range map[string]bool{"BE68539007547034": true, "539007547034": true, "539-0075470-34": true, "096123456769": false, "": false} {
		require.Equal(t, is, a.Is(bank), bank)
	}
	for _, wrong := range []string{"", "BE", "BE69539007547034", "BE6853900754703", "BE685390075470344", "GB82WEST12345698765432", "BE68 5390 0754 70é4", "539007547034"} {
		_, err := portal.ParseAccount(wrong)
		require.Error(t, err, wrong)
	}
	for _, right := range []string{"NL91ABNA0417164300", "LU280019400644750000", "DE89370400440532013000", "FR1420041010050500013M02606"} {
		_, err := portal.ParseAccount(right)
		require.NoError(t, err, right)
	}
}
