package config

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNearest(t *testing.T) {
	known := map[string]bool{"DATABASE": true, "REDIS": true, "LISTEN": true, "DESK_LISTEN": true, "SMTP": true, "DIR": true, "KEYS": true}
	for typed, meant := range map[string]string{"DATABSE": "DATABASE", "DATABASES": "DATABASE", "DATABASE_URL": "DATABASE", "REDIS_URL": "REDIS",
		"LISTN": "LISTEN", "DESKLISTEN": "DESK_LISTEN", "KEY": "KEYS", "SMTP_URL": "SMTP", "E2E": "", "COLOUR": "", "": ""} {
		require.Equal(t, meant, Nearest(typed, known), typed)
	}
}
