package partner_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/outbox"
	"guichet/portal/state"
	"guichet/portal/store"
	"guichet/portal/store/storetest"
	"guichet/portal/tx"
)

var officer = portal.Actor{Kind: portal.Staff, ID: "m.dubois"}

const password = keys.Secret("a long way round")

// counter is the room over a real store, at a clock of its own.
type counter struct {
	*partner.Service
	t     *testing.T
	now   time.Time
	store *store.Store
	dsn   string
}

// approved is what a delivery's unit of work reads of a partner.
func (c *counter) approved(id string) (approved bool) {
	require.NoError(c.t, c.store.Do(c.t.Context(), func(t tx.Tx) (err error) {
		approved, err = c.store.ApprovedIn(t, id)
		return err
	}))
	return approved
}

func newCounter(t *testing.T, b storetest.Backend) *counter {
	c := &counter{t: t, now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), dsn: b.DSN(t)}
	clock := func() time.Time { return c.now }
	c.store = storetest.Reopen(t, c.dsn, clock)
	passwords, err := login.NewPasswords()
	require.NoError(t, err)
	c.Service = partner.New(partner.Deps{Store: c.store, Runner: c.store, State: state.NewMemory(clock, 1000),
		Ring: storetest.Keys(t), Clock: clock, Passwords: passwords})
	return c
}

func form(name, company string) partner.Application {
	return partner.Application{Name: name, CompanyNumber: company, Mail: "info@partner.example", PrivacyMail: "dpo@partner.example",
		Language: "fr", Street: "Quai 1", Postcode: "4000", Town: "Liège", Manager: "Élodie Noël"}
}

// letter reads the last waiting invitation.
func (c *counter) letter() partner.Letter {
	waiting, err := c.store.WaitingLetters(c.t.Context(), "", 50)
	require.NoError(c.t, err)
	require.NotEmpty(c.t, waiting)
	last := waiting[len(waiting)-1]
	require.Equal(c.t, outbox.Invitation, last.Kind)
	var l partner.Letter
	require.NoError(c.t, json.Unmarshal(last.Data, &l))
	return l
}

// admit leads an organisation to its first person's first session.
func (c *counter) admit(name, company string) (partner.Guest, keys.Secret, keys.Secret) {
	ctx := c.t.Context()
	o, err := c.Ask(ctx, form(name, company))
	require.NoError(c.t, err)
	require.NoError(c.t, c.Approve(ctx, officer, o.ID, false))
	l := c.letter()
	seed, err := c.Invited(ctx, l.Login, keys.Secret(strings.ToLower(l.Code)))
	require.NoError(c.t, err)
	require.NoError(c.t, c.SetUp(ctx, l.Login, keys.Secret(l.Code), password, c.code(seed)))
	c.now = c.now.Add(time.Minute)
	token, err := c.SignIn(ctx, l.Login, password, c.code(seed), "s")
	require.NoError(c.t, err)
	g, err := c.Enter(ctx, token)
	require.NoError(c.t, err)
	return g, token, seed
}

func (c *counter) code(seed keys.Secret) keys.Secret {
	code, err := login.Code(seed, c.now)
	require.NoError(c.t, err)
	return code
}

func (c *counter) actions(subject string) (all []audit.Action) {
	entries, err := c.store.Entries(c.t.Context(), subject, 50, time.Time{}, "")
	require.NoError(c.t, err)
	for _, e := range entries {
		all = append(all, e.Action)
	}
	return all
}

func TestPartners(t *testing.T) {
	for _, b := range storetest.Backends(t) {
		t.Run(b.Name, func(t *testing.T) {
			c := newCounter(t, b)
			ctx := t.Context()
			first, token, seed := c.admit("Nordlicht SA", "0403.170.701")
			require.True(t, first.Manager)
			require.Equal(t, "Nordlicht SA", first.Organisation.Name)

			t.Run("G13 a known company number is asked for as any other, and approved once", func(t *testing.T) {
				again, err := c.Ask(ctx, form("Nordlicht bis", "0403.170.701"))
				require.NoError(t, err)
				err = c.Approve(ctx, officer, again.ID, false)
				require.Equal(t, portal.Conflict, portal.CodeOf(err))
				require.NoError(t, c.Refuse(ctx, officer, again.ID, "Demande en double."))
				require.Equal(t, portal.Conflict, portal.CodeOf(c.Approve(ctx, officer, again.ID, false)), "refused is refused")
				require.Equal(t, portal.NotFound, portal.CodeOf(c.Approve(ctx, officer, "nothing", false)))
				require.Equal(t, portal.Invalid, portal.CodeOf(c.Suspend(ctx, officer, first.PartnerID, " ")))
				asked, err := c.List(ctx, officer, partner.Asked, partner.Place{})
				require.NoError(t, err)
				require.Empty(t, asked)
				f, err := c.Open(ctx, officer, again.ID)
				require.NoError(t, err)
				require.Equal(t, partner.Declined, f.Status)
				require.Len(t, f.History, 2)
			})

			t.Run("T26 a code works once, an invitation too, and every refusal is the same", func(t *testing.T) {
				_, err := c.SignIn(ctx, first.Login, password, c.code(seed), "s")
				require.Equal(t, login.Refused, err, "the code was used")
				_, unknown := c.SignIn(ctx, "nobody-1", password, c.code(seed), "s")
				require.Equal(t, err, unknown)
				l := c.letter()
				_, err = c.Invited(ctx, l.Login, keys.Secret(l.Code))
				_, none := c.Invited(ctx, "nobody-1", keys.Secret(l.Code))
				require.Error(t, err)
				require.Equal(t, err, none)
				for range login.FreeFailures {
					c.now = c.now.Add(time.Second)
					_, err = c.SignIn(ctx, first.Login, "wrong wrong wrong", "000000", "s")
					require.Equal(t, login.Refused, err)
				}
				c.now = c.now.Add(30 * time.Second)
				_, err = c.SignIn(ctx, first.Login, "wrong wrong wrong", "000000", "s")
				require.Equal(t, login.Refused, err)
				_, err = c.SignIn(ctx, first.Login, password, c.code(seed), "s")
				require.Equal(t, login.Refused, err, "growing waits: refused unread")
				c.now = c.now.Add(2 * time.Hour)
				_, err = c.SignIn(ctx, first.Login, password, c.code(seed), "s")
				require.NoError(t, err)
			})

			t.Run("T24 a session ends idle, left, and with person and organisation", func(t *testing.T) {
				_, err := c.Enter(ctx, token)
				require.Equal(t, portal.SignedOut, portal.CodeOf(err), "idle for two hours")
				c.now = c.now.Add(time.Minute)
				live, err := c.SignIn(ctx, first.Login, password, c.code(seed), "s")
				require.NoError(t, err)
				_, err = c.Enter(ctx, live)
				require.NoError(t, err)
				require.True(t, c.approved(first.PartnerID))
				require.NoError(t, c.Suspend(ctx, officer, first.PartnerID, "Enquête en cours."))
				require.False(t, c.approved(first.PartnerID))
				require.False(t, c.approved("nobody"))
				_, err = c.Enter(ctx, live)
				require.Equal(t, portal.SignedOut, portal.CodeOf(err))
				c.now = c.now.Add(time.Minute)
				shut, err := c.SignIn(ctx, first.Login, password, c.code(seed), "s")
				require.NoError(t, err)
				_, err = c.Enter(ctx, shut)
				require.Equal(t, portal.SignedOut, portal.CodeOf(err), "suspended: signing in opens nothing")
				require.NoError(t, c.Resume(ctx, officer, first.PartnerID, "Enquête close."))
				c.now = c.now.Add(time.Minute)
				token, err = c.SignIn(ctx, first.Login, password, c.code(seed), "s")
				require.NoError(t, err)
				require.NoError(t, c.Leave(ctx, token))
				require.NoError(t, c.Leave(ctx, token))
				_, err = c.Enter(ctx, token)
				require.Equal(t, portal.SignedOut, portal.CodeOf(err))
			})

			c.now = c.now.Add(time.Hour)
			second, _, _ := c.admit("Sonnenwind AG", "0417.497.106")

			t.Run("colleagues are invited and ended by their own managers", func(t *testing.T) {
				name, code, err := c.Invite(ctx, first, "Jean Dupont", false)
				require.NoError(t, err)
				seed, err := c.Invited(ctx, name, code)
				require.NoError(t, err)
				err = c.SetUp(ctx, name, code, "short", c.code(seed))
				require.Equal(t, portal.Invalid, portal.CodeOf(err))
				err = c.SetUp(ctx, name, code, password, "000000")
				require.ErrorContains(t, err, "partner.code")
				require.NoError(t, c.SetUp(ctx, name, code, password, c.code(seed)))
				c.now = c.now.Add(time.Minute)
				in, err := c.SignIn(ctx, name, password, c.code(seed), "s")
				require.NoError(t, err)
				plain, err := c.Enter(ctx, in)
				require.NoError(t, err)
				_, _, err = c.Invite(ctx, plain, "Anna", false)
				require.Equal(t, portal.Denied, portal.CodeOf(err))
				_, _, err = c.MakeKey(ctx, plain, partner.KeyForm{Name: "x", Scopes: partner.Scopes, Months: 1})
				require.Equal(t, portal.Denied, portal.CodeOf(err))

				theirs, none := c.EndPerson(ctx, second, name), c.EndPerson(ctx, second, "nobody-1")
				require.Error(t, theirs)
				require.Equal(t, none, theirs, "not yours is not there")
				require.Equal(t, portal.Conflict, portal.CodeOf(c.EndPerson(ctx, first, first.Login)))
				require.NoError(t, c.EndPerson(ctx, first, name))
				_, err = c.Enter(ctx, in)
				require.Equal(t, portal.SignedOut, portal.CodeOf(err))
				// T26: who looked at the seed before, as the manager may who has the
				// code, too, holds no second factor of the person that enrols.
				name, code, err = c.Invite(ctx, first, "Jeanne Dupont", false)
				require.NoError(t, err)
				stolen, err := c.Invited(ctx, name, code)
				require.NoError(t, err)
				seed, err = c.Invited(ctx, name, code)
				require.NoError(t, err)
				require.False(t, seed.Equal(stolen))
				require.ErrorContains(t, c.SetUp(ctx, name, code, password, c.code(stolen)), "partner.code")
				same, err := c.InvitedAgain(ctx, name, code, c.Mark(seed))
				require.NoError(t, err)
				require.True(t, same.Equal(seed), "the page that shows it goes on showing it")
				anew, err := c.InvitedAgain(ctx, name, code, c.Mark(stolen))
				require.NoError(t, err)
				require.False(t, anew.Equal(seed) || anew.Equal(stolen))
				require.NoError(t, c.SetUp(ctx, name, code, password, c.code(anew)))
				late, lateCode, err := c.Invite(ctx, first, "Jean Tard", true)
				require.NoError(t, err)
				c.now = c.now.Add(8 * 24 * time.Hour)
				_, err = c.Invited(ctx, late, lateCode)
				require.Error(t, err, "an invitation lapses")
			})

			t.Run("keys are shown once, scoped, expire and end", func(t *testing.T) {
				key, made, err := c.MakeKey(ctx, first, partner.KeyForm{Name: "lecture", Scopes: []partner.Scope{partner.ForConsumption}, Months: 3})
				require.NoError(t, err)
				p, err := c.Authenticate(ctx, key, "", partner.ForConsumption)
				require.NoError(t, err)
				require.Equal(t, first.PartnerID, p.Organisation.ID)
				_, err = c.Authenticate(ctx, key, "", partner.ForMandates)
				require.Equal(t, portal.Denied, portal.CodeOf(err))
				_, unknown := c.Authenticate(ctx, "guichet_nothing", "", partner.ForConsumption)
				list, err := c.Keys(ctx, first)
				require.NoError(t, err)
				require.Len(t, list, 1)
				require.Equal(t, c.now, list[0].UsedAt)
				_, _, err = c.MakeKey(ctx, first, partner.KeyForm{Months: 13, Certificate: "AA:BB"})
				require.Len(t, err, 4)

				require.NoError(t, c.Suspend(ctx, officer, first.PartnerID, "Enquête en cours."))
				_, err = c.Authenticate(ctx, key, "", partner.ForConsumption)
				require.Equal(t, unknown, err)
				require.NoError(t, c.Resume(ctx, officer, first.PartnerID, "Enquête close."))
				c.now = made.ExpiresAt
				_, err = c.Authenticate(ctx, key, "", partner.ForConsumption)
				require.Equal(t, unknown, err)

				key, made, err = c.MakeKey(ctx, first, partner.KeyForm{Name: "autre", Scopes: partner.Scopes, Months: 12})
				require.NoError(t, err)
				theirs, none := c.EndKey(ctx, second, made.ID), c.EndKey(ctx, second, "nothing")
				require.Error(t, theirs)
				require.Equal(t, none, theirs)
				require.NoError(t, c.EndKey(ctx, first, made.ID))
				_, err = c.Authenticate(ctx, key, "", partner.ForConsumption)
				require.Equal(t, unknown, err)
				require.Zero(t, storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM partner_keys WHERE hash = $1`, key.Reveal()))
			})

			t.Run("L18 every change is in the trail", func(t *testing.T) {
				require.Subset(t, c.actions(partner.Subject(first.PartnerID)), []audit.Action{audit.PartnerAsked, audit.PartnerApproved,
					audit.PersonInvited, audit.PersonEnrolled, audit.PersonEnded, audit.PartnerSuspended, audit.PartnerResumed,
					audit.KeyMade, audit.KeyEnded})
				require.Subset(t, c.actions("person:"+first.Login), []audit.Action{audit.PartnerSignedIn, audit.PartnerTurnedAway, audit.PartnerLeft})
			})

			t.Run("L10 a supplier's code is compared, and approved once", func(t *testing.T) {
				as := func(name, company, code string) string {
					f := form(name, company)
					f.Supplier = code
					o, err := c.Ask(ctx, f)
					require.NoError(t, err)
					return o.ID
				}
				one, two := as("Vent SA", "0202.239.951", "VENT"), as("Vent bis", "0456.810.810", "VENT")
				require.ErrorContains(t, c.Approve(ctx, officer, one, false), "partner.supplier-unchecked")
				require.NoError(t, c.Approve(ctx, officer, one, true))
				require.ErrorContains(t, c.Approve(ctx, officer, two, true), "partner.supplier-taken")
				storetest.Exec(t, c.dsn, `INSERT INTO works_feeds (hash, login, request_id, made_us) SELECT login, login, '', 1 FROM partner_people WHERE partner_id = $1`, one)
				feeds := func() int64 { return storetest.Number(t, c.dsn, `SELECT COUNT(*) FROM works_feeds`) }
				require.EqualValues(t, 1, feeds())
				require.NoError(t, c.Suspend(ctx, officer, one, "Enquête en cours."))
				require.Zero(t, feeds(), "secret addresses end as sessions do")
				require.ErrorContains(t, c.Approve(ctx, officer, two, true), "partner.supplier-taken", "a suspended one keeps its code")
				require.NoError(t, c.Refuse(ctx, officer, two, "Code d’un autre."))
				three := as("Vent ter", "0876.543.270", "")
				require.Equal(t, portal.Conflict, portal.CodeOf(c.NameSupplier(ctx, officer, three, "SOLEIL", "Liste de novembre.", true)), "it is not approved")
				require.NoError(t, c.Approve(ctx, officer, three, false))
				require.ErrorContains(t, c.NameSupplier(ctx, officer, three, "VENT", "Liste de novembre.", true), "partner.supplier-taken")
				require.ErrorContains(t, c.NameSupplier(ctx, officer, three, "SOLEIL", "Liste de novembre.", false), "partner.supplier-unchecked")
				require.NoError(t, c.NameSupplier(ctx, officer, three, "SOLEIL", "Liste de novembre.", true))
				named, err := c.store.Partner(ctx, three)
				require.NoError(t, err)
				require.Equal(t, "SOLEIL", named.Supplier)
				require.Contains(t, c.actions(partner.Subject(three)), audit.PartnerSupplier)
				o, err := c.store.Partner(ctx, one)
				require.NoError(t, err)
				require.Equal(t, mandates.Supplier{PartnerID: one, Code: "VENT"}, o.AsSupplier())
			})
		})
	}
}

// TestApplicationNamesEachField: what is wrong is said where it stands.
func TestApplicationNamesEachField(t *testing.T) {
	a := form("", "0403.170.702")
	a.Mail, a.PrivacyMail, a.Language, a.Supplier, a.Manager = "no", "A <a@b.example>", "it", "a b", strings.Repeat("x", 121)
	_, err := a.Organisation(time.Now())
	var problems portal.Problems
	require.ErrorAs(t, err, &problems)
	var fields []string
	for _, p := range problems {
		fields = append(fields, p.Field)
	}
	require.Equal(t, []string{"name", "company_number", "manager", "mail", "privacy_mail", "language", "supplier"}, fields)
	_, err = form("Nordlicht SA", "BE 0403 170 701").Organisation(time.Now())
	require.NoError(t, err)
}

// TestDoorsFailShut: without a database nobody is let in.
func TestDoorsFailShut(t *testing.T) {
	c := newCounter(t, storetest.Backends(t)[0])
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Enter(gone, "x")
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
	_, err = c.Authenticate(gone, "x", "", partner.ForMandates)
	require.Equal(t, portal.Unavailable, portal.CodeOf(err))
}
