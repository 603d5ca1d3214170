package portal

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A Belgian company number is known by its check digits, as people write it.
func TestCompanyNumber(t *testing.T) {
	for _, typed := range []string{"BE 0403.170.701", "0403170701", "403170701", "be0403-170-701"} {
		number, ok := CompanyNumber(typed)
		require.True(t, ok, typed)
		require.Equal(t, "0403170701", number)
	}
	for _, typed := range []string{"", "0403170702", "9403170701", "04031707011", "BE", "04o3170701"} {
		_, ok := CompanyNumber(typed)
		require.False(t, ok, typed)
	}
}
