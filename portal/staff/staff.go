// Package staff protects who works here: named accounts, each with one role,
// never shared (L8, L24). Nobody is staff but by an entry in the trail.
//
// A sign-in is package login's (T26). A session ends after eight hours, after
// fifteen idle minutes, when it is left or when its person's account ends:
// session and account are read from SQL at each request (T24).
//
// Where an identity provider is set, people sign in there and local passwords
// are refused unread: the browser departs with a state, the provider proves who
// comes back, and whoever it is needs a live account here whose role is the one
// the provider names. It adds nobody: an account is approved here (L9, L23).
package staff

import (
	"context"
	"strings"
	"time"

	"guichet/portal"
	"guichet/portal/login"
	"guichet/portal/tx"
)

// Role is what somebody may do. A new role needs: Roles, the desk's table of
// rights, web/locales "desk.role."+name, the demo's colleagues, and the test that counts them.
type Role string

// The roles.
const (
	Agent    Role = "agent"    // call centre: cases, caller checks, unblocking (G10)
	Security Role = "security" // security officer: sees the gate, opens no case
	Readings Role = "readings" // reading and validation service: readings that wait for a person (L4, L22)
	Office   Role = "office"   // back office: what people say is wrong, moves learnt late, grounds of heirs, guardians, owners (S4, D3, D7)
	Mandates Role = "mandates" // mandates officer: third parties and what customers signed for them
	Works    Role = "works"    // works officer: requests for works and their payments (W18, W22)
)

// Roles lists them all.
var Roles = []Role{Agent, Security, Readings, Office, Mandates, Works}

// Valid tells whether r is one of the roles.
func (r Role) Valid() bool {
	for _, known := range Roles {
		if r == known {
			return true
		}
	}
	return false
}

// Member is a colleague as others see them.
type Member struct {
	Login   string
	Name    string
	Role    Role
	AddedAt time.Time
	EndedAt time.Time // zero: still here
}

// Actor is the member as the trail names them.
func (m Member) Actor() portal.Actor { return portal.Actor{Kind: portal.Staff, ID: m.Login} }

// Subject is what trail entries about an account carry.
func Subject(login string) string { return "staff:" + login }

// Account is a member with what proves them.
type Account struct {
	Member
	Password string // Argon2id, as login.Passwords makes it
	Seed     []byte // of one-time codes, sealed for keys.ForStaffCode under the login
	Step     int64  // the last step that signed in
	Failures login.Failures
}

// Session is somebody at work.
type Session = login.Session

// Store is what Service needs of the database. Only Service calls it; what a
// method changes, Service records.
type Store interface {
	// AddStaff adds an account; a portal.Conflict where the login is taken,
	// also by somebody who left: a login names one person for ever (L19).
	AddStaff(t tx.Tx, a Account) error
	// LockStaff reads an account and locks it until the unit ends; false where
	// there is none. Accounts that ended are found.
	LockStaff(t tx.Tx, login string) (Account, bool, error)
	// SaveSignIn writes failures and last step of an account.
	SaveSignIn(t tx.Tx, login string, f login.Failures, step int64) error
	// EndStaff ends an account and its sessions.
	EndStaff(t tx.Tx, login string, now time.Time) error
	// StaffMembers lists everybody who ever worked here, by login.
	StaffMembers(ctx context.Context) ([]Member, error)
	// OpenStaffSession adds a session.
	OpenStaffSession(t tx.Tx, s Session) error
	// StaffSession reads a session with its person, ended or not; false where
	// there is none.
	StaffSession(ctx context.Context, id string) (Session, Member, bool, error)
	// EndStaffSession ends a session and tells whether it was live.
	EndStaffSession(t tx.Tx, id string, now time.Time) (bool, error)
}

// Validate refuses logins, names and roles that cannot be.
func (m Member) Validate() error {
	wrong := func(field string) error {
		return &portal.Error{Code: portal.Invalid, Key: "staff." + field, Field: field}
	}
	switch {
	case !login.Form.MatchString(m.Login):
		return wrong("login")
	case strings.TrimSpace(m.Name) == "" || len(m.Name) > 120:
		return wrong("name")
	case !m.Role.Valid():
		return wrong("role")
	}
	return nil
}
