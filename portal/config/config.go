// Package config is what the operator sets: one struct, its defaults, its
// checks, and a form of it that may be printed. It decides nothing; it names
// each wrong setting with its reason before anything is opened.
//
// Flags win over the environment (GUICHET_ + name), which wins over the file
// (guichet.toml), which wins over the defaults here.
package config

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path/filepath"
	"reflect"
	"sort"
	"strings"

	"guichet/portal"
)

// DSN is an address that may carry a password, which never prints (G12).
type DSN string

// String prints the address with its password masked.
func (d DSN) String() string {
	u, err := url.Parse(string(d))
	if err != nil {
		return "****"
	}
	if u.User != nil {
		if _, has := u.User.Password(); has {
			u.User = url.UserPassword(u.User.Username(), "****")
		}
	}
	if q := u.Query(); len(q) > 0 {
		for name := range q {
			if !plain[name] {
				q.Set(name, "****")
			}
		}
		u.RawQuery = q.Encode()
	}
	return strings.ReplaceAll(u.String(), "%2A", "*")
}

// plain are the parameters of an address that may be printed; drivers take
// passwords as parameters, too.
var plain = map[string]bool{"sslmode": true, "host": true, "port": true, "user": true, "dbname": true,
	"application_name": true, "connect_timeout": true, "tls": true, "addr": true, "master_name": true, "db": true, "read_timeout": true}

// GoString masks %#v.
func (d DSN) GoString() string { return d.String() }

// Reveal gives the whole address.
func (d DSN) Reveal() string { return string(d) }

// Settings is everything that can be set. A new setting needs a line here,
// one in Default where it has a default, and one in Check where it can be wrong.
type Settings struct {
	Dir               string   `help:"Folder of database, keys, heads and letters where these are not set." placeholder:"DIR"`
	Listen            string   `help:"Address of the public pages." placeholder:"HOST:PORT"`
	DeskListen        string   `help:"Address of the staff's pages; never the public one." placeholder:"HOST:PORT"`
	AdminListen       string   `help:"Address of health, readiness and metrics." placeholder:"HOST:PORT"`
	Database          DSN      `help:"sqlite:FILE or postgres://..." placeholder:"DSN"`
	Redis             DSN      `help:"redis:// or rediss:// for short-lived state; empty: memory, one process only." placeholder:"URL"`
	Keys              string   `help:"Folder of the keys, mode 0700." placeholder:"DIR"`
	TrailHeads        string   `help:"Where signed heads of the trail go: file:PATH or syslog:" placeholder:"PLACE"`
	Outbox            string   `help:"Folder where letters land for the printer; export: they wait for guichet export letters." placeholder:"DIR"`
	SMTP              DSN      `name:"smtp" help:"Mail server: smtp://USER:PASSWORD@HOST or smtps://...; TLS is demanded, but with ?tls=none; empty: mails land beside the letters." placeholder:"URL"`
	MailFrom          string   `help:"Address that mails come from." placeholder:"MAIL"`
	TrustedProxies    []string `help:"Addresses or networks whose X-Forwarded-For is believed." placeholder:"CIDR"`
	APIListen         string   `name:"api-listen" help:"Address where programs show a client certificate; empty: none." placeholder:"HOST:PORT"`
	ClientCA          string   `name:"client-ca" help:"Certificates (PEM) of those who issue client certificates of programs." placeholder:"FILE"`
	BaseURL           string   `name:"base-url" help:"The portal's address as people type it; printed on letters." placeholder:"URL"`
	TLSCert           string   `name:"tls-cert" help:"Certificate file of the public, the desk's and the programs' listener." placeholder:"FILE"`
	TLSKey            string   `name:"tls-key" help:"Key file of that certificate." placeholder:"FILE"`
	Operator          string   `help:"Name of the operator, on pages and letters." placeholder:"NAME"`
	CallCentre        string   `help:"Telephone number of the call centre." placeholder:"NUMBER"`
	PrivacyContact    string   `help:"Address of the contact point for data protection." placeholder:"MAIL"`
	SecurityContact   string   `help:"Where vulnerabilities are reported: mailto: or https:" placeholder:"URL"`
	CaptchasAMinute   int64    `help:"Captchas one source may draw in a minute." placeholder:"30"`
	CaptchasADay      int64    `help:"Captchas one source may draw in a day." placeholder:"300"`
	LettersADay       int64    `help:"Letters that one source may ask for in a day without having one." placeholder:"5"`
	LettersADayNet    int64    `name:"letters-a-day-network" help:"Those of one network (/24 or /56)." placeholder:"30"`
	LettersADayAll    int64    `name:"letters-a-day-all" help:"Letters that leave for people without one in a day, portal-wide; what is beyond waits for the next." placeholder:"2000"`
	LetterDays        int64    `help:"Working days within which such a letter leaves, as the page promises." placeholder:"3"`
	CapturesADay      int64    `help:"Requests for works that one source may make in a day." placeholder:"5"`
	CapturesADayNet   int64    `name:"captures-a-day-network" help:"Those of one network (/24 or /56)." placeholder:"30"`
	MailsADay         int64    `help:"Mails to one address in a day; what is beyond waits." placeholder:"3"`
	APIAMinute        int64    `name:"api-a-minute" help:"Requests that the programs of one partner may make in a minute." placeholder:"600"`
	APIADay           int64    `name:"api-a-day" help:"The same in a day." placeholder:"100000"`
	APIStrangers      int64    `name:"api-strangers-a-minute" help:"Requests without a valid key that one source may make in a minute; a network ten times that." placeholder:"30"`
	EstimateAgain     int64    `help:"Per cent of an estimate that are taken where the reading before was an estimate, too." placeholder:"110"`
	WorksMaster       string   `name:"works-master" help:"Who leads requests for works: portal, or external: phases and dates come from the operator's works system alone." placeholder:"portal"`
	WorksCertificates []string `help:"SHA-256 fingerprints of the client certificates by which the operator's works system is known on API_LISTEN." placeholder:"FINGERPRINT"`
	WorksTerms        string   `name:"works-terms" help:"Version of the general connection conditions in force, which each offer for works names." placeholder:"2026-01"`
	WorksTermsURL     string   `name:"works-terms-url" help:"Where they are read, https: {language} and {version} in it are filled in." placeholder:"URL"`
	WorksAccount      string   `name:"works-account" help:"Account number (IBAN) to which deposits and balances of works are paid; empty: people are told that it stands on the invoice." placeholder:"IBAN"`
	Limits            `embed:""`
	Clamd             string `name:"clamd" help:"Virus scanner for uploads: a socket's path or HOST:PORT; empty: uploads wait for an officer." placeholder:"ADDRESS"`
	TrustedSigners    string `help:"Certificates (PEM) of those whose electronic signatures are trusted; empty: none is." placeholder:"FILE"`
	LogLevel          string `help:"debug, info, warn or error." placeholder:"LEVEL"`

	DeskURL              string `name:"desk-url" help:"The desk's address as the staff type it; the identity provider sends them back there." placeholder:"URL"`
	OIDCIssuer           string `name:"oidc-issuer" help:"Identity provider of the staff; where it is set, local accounts are refused." placeholder:"URL"`
	OIDCClientID         string `name:"oidc-client-id" help:"What the provider knows the portal by." placeholder:"ID"`
	OIDCClientSecretFile string `name:"oidc-client-secret-file" help:"File of the secret that goes with it, mode 0600." placeholder:"FILE"`
	OIDCRoleClaim        string `name:"oidc-role-claim" help:"Claim of the ID token that names the role." placeholder:"guichet_role"`
}

// Default fills what was not set.
func (s Settings) Default() Settings {
	join := func(name string) string { return filepath.Join(s.Dir, name) }
	for _, d := range []struct {
		field *string
		value string
	}{
		{&s.Listen, "127.0.0.1:8080"},
		{&s.DeskListen, "127.0.0.1:8081"},
		{&s.AdminListen, "127.0.0.1:9090"},
		{&s.Keys, join("keys")},
		{&s.TrailHeads, "file:" + join("trail-heads.log")},
		{&s.Outbox, join("outbox")},
		{&s.Operator, "Guichet"},
		{&s.CallCentre, "078 00 00 00"},
		{&s.PrivacyContact, "privacy@guichet.example"},
		{&s.SecurityContact, "mailto:security@guichet.example"},
		{&s.MailFrom, "no-reply@guichet.example"},
		{&s.LogLevel, "info"},
		{&s.WorksTerms, "2026-01"},
		{&s.WorksTermsURL, "https://guichet.example/{language}/connection-conditions/{version}"},
		{&s.WorksMaster, "portal"},
		{&s.OIDCRoleClaim, "guichet_role"},
	} {
		if *d.field == "" {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *int64
		value int64
	}{{&s.CaptchasAMinute, 30}, {&s.CaptchasADay, 300},
		{&s.LettersADay, 5}, {&s.LettersADayNet, 30}, {&s.LettersADayAll, 2000}, {&s.LetterDays, 3}, // the table of threats.md
		{&s.CapturesADay, 5}, {&s.CapturesADayNet, 30}, {&s.MailsADay, 3},
		{&s.APIAMinute, 600}, {&s.APIADay, 100_000}, {&s.APIStrangers, 30},
		{&s.EstimateAgain, 110}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	s.Limits.fill()
	if s.Database == "" {
		s.Database = DSN("sqlite:" + join("guichet.db"))
	}
	if s.BaseURL == "" {
		scheme := "http://"
		if s.TLSCert != "" {
			scheme = "https://"
		}
		s.BaseURL = scheme + s.Listen
	}
	s.BaseURL = strings.TrimSuffix(s.BaseURL, "/")
	s.DeskURL = s.deskURL()
	return s
}

// Check names every setting that cannot be used, with the reason.
func (s Settings) Check() error {
	var errs []error
	wrong := func(name, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	listeners := map[string]string{}
	for name, address := range map[string]string{"LISTEN": s.Listen, "DESK_LISTEN": s.DeskListen, "ADMIN_LISTEN": s.AdminListen, "API_LISTEN": s.APIListen} {
		if address == "" && name == "API_LISTEN" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			wrong(name, "%q is not HOST:PORT", address)
		} else if other := listeners[address]; other != "" && !strings.HasSuffix(address, ":0") {
			wrong(name, "%s is also %s; the public, the desk, the administration and the programs never share a listener", address, other)
		}
		listeners[address] = name
	}
	if db := s.Database.Reveal(); !strings.HasPrefix(db, "sqlite:") && !strings.HasPrefix(db, "postgres://") && !strings.HasPrefix(db, "postgresql://") {
		wrong("DATABASE", "begin it with sqlite: or postgres://")
	}
	if r := s.Redis.Reveal(); r != "" && !strings.HasPrefix(r, "redis://") && !strings.HasPrefix(r, "rediss://") {
		wrong("REDIS", "begin it with redis:// or rediss://")
	}
	if m := s.SMTP.Reveal(); m != "" && !strings.HasPrefix(m, "smtp://") && !strings.HasPrefix(m, "smtps://") {
		wrong("SMTP", "begin it with smtp:// or smtps://")
	}
	if at, err := mail.ParseAddress(s.MailFrom); err != nil || at.Address != s.MailFrom {
		wrong("MAIL_FROM", "%q is no mail address", s.MailFrom)
	}
	if !strings.HasPrefix(s.TrailHeads, "file:") && !strings.HasPrefix(s.TrailHeads, "syslog:") {
		wrong("TRAIL_HEADS", "%q begins neither with file: nor with syslog:", s.TrailHeads)
	}
	if u, err := url.Parse(s.BaseURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		wrong("BASE_URL", "%q is not an http:// or https:// address", s.BaseURL)
	}
	if (s.TLSCert == "") != (s.TLSKey == "") {
		wrong("TLS_CERT", "certificate and key (TLS_KEY) go together")
	}
	if (s.APIListen == "") != (s.ClientCA == "") {
		wrong("CLIENT_CA", "it goes together with the listener that demands what it issues (API_LISTEN)")
	}
	if s.APIListen != "" && s.TLSCert == "" {
		wrong("API_LISTEN", "client certificates need a certificate of ours (TLS_CERT)")
	}
	if _, _, err := net.SplitHostPort(s.Clamd); err != nil && s.Clamd != "" && !filepath.IsAbs(s.Clamd) {
		wrong("CLAMD", "%q is neither the path of a socket nor HOST:PORT", s.Clamd)
	}
	s.checkOIDC(wrong)
	for _, p := range s.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			if _, err := netip.ParseAddr(p); err != nil {
				wrong("TRUSTED_PROXIES", "%q is neither an address nor a network", p)
			}
		}
	}
	for name, n := range map[string]int64{"CAPTCHAS_A_MINUTE": s.CaptchasAMinute, "CAPTCHAS_A_DAY": s.CaptchasADay,
		"LETTERS_A_DAY": s.LettersADay, "LETTERS_A_DAY_NETWORK": s.LettersADayNet, "LETTERS_A_DAY_ALL": s.LettersADayAll,
		"CAPTURES_A_DAY": s.CapturesADay, "CAPTURES_A_DAY_NETWORK": s.CapturesADayNet, "MAILS_A_DAY": s.MailsADay,
		"API_A_MINUTE": s.APIAMinute, "API_A_DAY": s.APIADay, "API_STRANGERS_A_MINUTE": s.APIStrangers} {
		if n < 1 {
			wrong(name, "%d would let nobody in", n)
		}
	}
	s.Limits.check(wrong)
	if s.LetterDays < 1 || s.LetterDays > 60 {
		wrong("LETTER_DAYS", "%d is not 1 to 60", s.LetterDays)
	}
	if s.EstimateAgain < 100 || s.EstimateAgain > 200 {
		wrong("ESTIMATE_AGAIN", "%d is not 100 to 200", s.EstimateAgain)
	}
	for _, f := range s.WorksCertificates {
		switch digits, err := hex.DecodeString(strings.ReplaceAll(f, ":", "")); {
		case err != nil || len(digits) != 32:
			wrong("WORKS_CERTIFICATES", "%q is no SHA-256 fingerprint: 64 hexadecimal digits, as openssl x509 -fingerprint -sha256 prints them", f)
		case s.APIListen == "":
			wrong("WORKS_CERTIFICATES", "they are shown on the listener that demands certificates (API_LISTEN)")
		}
	}
	if s.WorksMaster != "portal" && s.WorksMaster != "external" {
		wrong("WORKS_MASTER", "%q is neither portal nor external", s.WorksMaster)
	}
	if _, err := portal.ParseAccount(s.WorksAccount); err != nil && s.WorksAccount != "" {
		wrong("WORKS_ACCOUNT", "%q is no account number (IBAN) of Belgium or a country beside it", s.WorksAccount)
	}
	switch s.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		wrong("LOG_LEVEL", "%q is none of debug, info, warn, error", s.LogLevel)
	}
	if u, err := url.Parse(strings.NewReplacer("{language}", "fr", "{version}", "1").Replace(s.WorksTermsURL)); err != nil || u.Host == "" || u.Scheme != "https" {
		wrong("WORKS_TERMS_URL", "%q is not an https:// address", s.WorksTermsURL)
	}
	if u, err := url.Parse(s.SecurityContact); err != nil || (u.Scheme != "mailto" && u.Scheme != "https") {
		wrong("SECURITY_CONTACT", "%q begins neither with mailto: nor with https:", s.SecurityContact)
	}
	sort.Slice(errs, func(i, j int) bool { return errs[i].Error() < errs[j].Error() })
	return errors.Join(errs...)
}

// Account is WORKS_ACCOUNT of settings that were checked; empty where none is set.
func (s Settings) Account() portal.Account {
	account, _ := portal.ParseAccount(s.WorksAccount)
	return account
}

// Lines gives "NAME = value" for every setting, secrets masked.
func (s Settings) Lines() []string {
	v := reflect.ValueOf(s)
	var lines []string
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if limits, ok := v.Field(i).Interface().(Limits); ok {
			lines = append(lines, limits.lines()...)
			continue
		}
		name := field.Tag.Get("name")
		if name == "" {
			name = kebab(field.Name)
		}
		lines = append(lines, fmt.Sprintf("%s = %v", EnvName(name), v.Field(i).Interface()))
	}
	return lines
}

// EnvName gives a flag's name in the environment and in lists, without the
// prefix: desk-listen is DESK_LISTEN.
func EnvName(flag string) string {
	return strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func kebab(name string) string {
	var b strings.Builder
	for i, r := range name {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('-')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}
