package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDefaultsPassTheirOwnCheck(t *testing.T) {
	require.NoError(t, Settings{}.Default().Check())
	require.NoError(t, Settings{Dir: "guichet-demo"}.Default().Check())
	require.Equal(t, "sqlite:guichet-demo/guichet.db", Settings{Dir: "guichet-demo"}.Default().Database.Reveal())
}

func TestEachWrongSettingIsNamed(t *testing.T) {
	for name, change := range map[string]func(*Settings){
		"LISTEN":             func(s *Settings) { s.Listen = "8080" },
		"DATABASE":           func(s *Settings) { s.Database = "mysql://x" },
		"REDIS":              func(s *Settings) { s.Redis = "localhost:6379" },
		"TRAIL_HEADS":        func(s *Settings) { s.TrailHeads = "heads.log" },
		"BASE_URL":           func(s *Settings) { s.BaseURL = "portal.example" },
		"TLS_CERT":           func(s *Settings) { s.TLSCert = "cert.pem" },
		"TRUSTED_PROXIES":    func(s *Settings) { s.TrustedProxies = []string{"proxy"} },
		"CAPTCHAS_A_DAY":     func(s *Settings) { s.CaptchasADay = -1 },
		"HARM_A_DAY":         func(s *Settings) { s.HarmADay = -1 },
		"HARM_AN_HOUR":       func(s *Settings) { s.HarmAnHour = s.HarmADay + 1 },
		"LETTERS_A_DAY":      func(s *Settings) { s.LettersADay = -1 },
		"LETTERS_A_DAY_ALL":  func(s *Settings) { s.LettersADayAll = -1 },
		"API_LISTEN":         func(s *Settings) { s.APIListen, s.ClientCA = "127.0.0.1:8443", "ca.pem" }, // without TLS_CERT
		"CLIENT_CA":          func(s *Settings) { s.ClientCA = "ca.pem" },
		"API_A_MINUTE":       func(s *Settings) { s.APIAMinute = -1 },
		"ESTIMATE_AGAIN":     func(s *Settings) { s.EstimateAgain = 99 },
		"LETTER_DAYS":        func(s *Settings) { s.LetterDays = 61 },
		"CLAMD":              func(s *Settings) { s.Clamd = "clamav" },
		"WORKS_CERTIFICATES": func(s *Settings) { s.WorksCertificates = []string{strings.Repeat("ab:", 31) + "ab"} }, // without API_LISTEN
		"WORKS_ACCOUNT":      func(s *Settings) { s.WorksAccount = "BE69539007547034" },
		"WORKS_MASTER":       func(s *Settings) { s.WorksMaster = "sap" },
		"LOG_LEVEL":          func(s *Settings) { s.LogLevel = "loud" },
		"WORKS_TERMS_URL":    func(s *Settings) { s.WorksTermsURL = "http://x/{language}" },
		"SECURITY_CONTACT":   func(s *Settings) { s.SecurityContact = "security@x" },
	} {
		s := Settings{}.Default()
		change(&s)
		require.ErrorContains(t, s.Check(), name+":")
	}
	s := Settings{}.Default()
	s.DeskListen = s.Listen // T26: the desk's listener is not the public one
	require.ErrorContains(t, s.Check(), "never share a listener")
	s = Settings{TLSCert: "c.pem", TLSKey: "k.pem", APIListen: "127.0.0.1:8080", ClientCA: "ca.pem"}.Default()
	require.ErrorContains(t, s.Check(), "never share a listener")
	s.APIListen = "127.0.0.1:8443"
	require.NoError(t, s.Check())
}

// The table of threats.md: captchas drawn 30 a minute and 300 a day per source;
// and letters asked for without one, 5 a day per source, 30 per network, 2,000 letters in all;
// works captures 5 a day per source, mails to one address 3 a day.
func TestDefaultLimits(t *testing.T) {
	s := Settings{}.Default()
	require.EqualValues(t, 30, s.CaptchasAMinute)
	require.EqualValues(t, 300, s.CaptchasADay)
	require.EqualValues(t, 5, s.LettersADay)
	require.EqualValues(t, 30, s.LettersADayNet)
	require.EqualValues(t, 2000, s.LettersADayAll)
	require.EqualValues(t, 5, s.CapturesADay)
	require.EqualValues(t, 3, s.MailsADay)
}

// G12: a password in an address never prints.
func TestAddressesPrintMasked(t *testing.T) {
	s := Settings{Database: "postgres://guichet:s3cret@db/guichet", Redis: "redis://:s3cret@cache:6379", SMTP: "smtp://guichet:s3cret@mail"}.Default()
	for _, out := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %s", s, s, s.Database), strings.Join(s.Lines(), "\n")} {
		require.NotContains(t, out, "s3cret")
		require.Contains(t, out, "****")
	}
	for _, address := range []DSN{"postgres://db/g?user=u&password=s3cret&sslmode=require", "redis://cache:6379?master_name=m&sentinel_password=s3cret",
		"postgres://a:s3cret%zz@db"} {
		require.NotContains(t, address.String(), "s3cret")
	}
	require.Contains(t, DSN("postgres://db/g?sslmode=require").String(), "sslmode=require")
	require.Contains(t, strings.Join(s.Lines(), "\n"), "BASE_URL = http://127.0.0.1:8080")
}
