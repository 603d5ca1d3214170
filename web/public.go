package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"guichet/lookup"
	"guichet/portal"
	"guichet/portal/doors"
	"guichet/portal/keys"
	"guichet/portal/metering"
	"guichet/portal/registry"
	"guichet/portal/tx"

	"github.com/ulule/limiter/v3"
)

// Gate judges a submission; lookup.Gate.
type Gate interface {
	// Ask tells what the next form for this visitor must ask for; it reads
	// Device, Source and Network only. Unavailable: nobody can tell.
	Ask(ctx context.Context, c lookup.Claim) (lookup.Ask, error)
	// Open answers after the commit: an Outcome, lookup.Problems where it was
	// no attempt, or portal.Unavailable.
	Open(ctx context.Context, c lookup.Claim) (lookup.Outcome, error)
}

// Proofs give a browser something to compute; challenge.Proofs.
type Proofs interface {
	// Draw makes the JSON of a proof of work that only this form can bring.
	Draw(ctx context.Context, form string) (challenge string, err error)
}

// Challenges stand before the gate; challenge.Service.
type Challenges interface {
	// Draw makes a challenge and gives its id; TooMany where too many are alive.
	Draw(ctx context.Context) (id string, err error)
	// Picture gives a live challenge's PNG; NotFound where there is none.
	Picture(ctx context.Context, id string) ([]byte, error)
	// Sound gives it spoken, as a wave file; NotFound where there is none.
	Sound(ctx context.Context, id string, lang portal.Language) ([]byte, error)
}

// Visits keeps who is inside; lookup.Visits.
type Visits interface {
	Admit(ctx context.Context, current keys.Secret, visit lookup.Visit) (keys.Secret, error)
	Resume(ctx context.Context, token keys.Secret) (lookup.Session, error)
	Extend(ctx context.Context, token keys.Secret) (lookup.Session, error)
	Leave(ctx context.Context, token keys.Secret) error
	// Cancel ends the reference of a pass, for good.
	Cancel(ctx context.Context, p lookup.Pass) error
}

// Devices makes and checks the cookie of a browser that opened before; lookup.Devices.
type Devices interface {
	Issue(current keys.Secret) keys.Secret
	Hash(cookie keys.Secret) string
}

// History reads consumption within an occupancy; metering.History.
type History interface {
	Series(ctx context.Context, point registry.AccessPoint, occ registry.Occupancy, q metering.Query) (metering.Series, error)
}

// PublicDeps is what the public listener needs; all are needed.
type PublicDeps struct {
	Common
	Doors      Doors
	Gate       Gate
	Challenges Challenges
	Proofs     Proofs
	Visits     Visits
	Devices    Devices
	History    History
	Choices    Choices
	Readings   Readings
	Runner     tx.Runner     // disclosures are recorded before they are answered (L18)
	Limits     limiter.Store // memory, or Redis where there are many processes
	Captchas   CaptchaRates
	Letters    LetterDeps
	Papers     PaperDeps
	Mandates   Mandates
	Partners   PartnerDeps
	Follow     FollowDeps
	Works      WorksDeps
}

// site is the public listener's handlers.
type site struct {
	PublicDeps
	draws, pictures, sounds *limits
	faces                   *faces
}

// NewPublic builds the public listener.
func NewPublic(d PublicDeps) (http.Handler, error) {
	s := &surface{
		Common:    d.Common,
		name:      "public",
		languages: portal.Languages,
		signedOut: signedOut,
		routes:    append(assets(), publicRoutes(d)...),
		footer:    true,
		trustBase: true,
	}
	return s.handler()
}

// signedOut is where a visit that is over leads, and a partner's session.
func signedOut(x *ctx) string {
	if strings.HasPrefix(x.gin.FullPath(), "/:lang/partner") {
		return x.path("/partner/sign-in")
	}
	if strings.HasPrefix(x.gin.FullPath(), "/:lang/works/new") { // the capture is over
		return x.path("/works/new")
	}
	return x.path("/ended")
}

// publicRoutes is the public listener's table.
func publicRoutes(d PublicDeps) []Route {
	s := &site{d, newLimits(d.Limits, "draw", d.Captchas), newLimits(d.Limits, "picture", d.Captchas),
		newLimits(d.Limits, "sound", d.Captchas.sounds()), &faces{}}
	letters, opening := newLetterDesk(s), entrance{s, references, nil}
	anyone := s.behind(doors.Gate, Anyone)
	visitor := s.behind(doors.Gate, Policy{Name: "visitor", Admit: s.admitVisitor})
	return slices.Concat([]Route{
		{http.MethodGet, "/", Anyone, s.front},
		{http.MethodGet, "/.well-known/security.txt", Anyone, s.securityText},
		{http.MethodGet, "/robots.txt", Anyone, robots},
		{http.MethodGet, "/captcha/:file", anyone, s.picture},
		{http.MethodGet, "/:lang", Anyone, toHome},
		{http.MethodGet, "/:lang/", Anyone, s.home},
		{http.MethodGet, "/:lang/lookup", anyone, opening.gate},
		{http.MethodPost, "/:lang/lookup", anyone, opening.open},
		{http.MethodGet, "/:lang/letter", anyone, letters.empty},
		{http.MethodPost, "/:lang/letter", anyone, letters.ask},
		{http.MethodGet, "/:lang/letter/asked", anyone, letters.asked},
		{http.MethodGet, "/:lang/consumption", visitor, s.consumption},
		{http.MethodGet, "/:lang/consumption/detail", visitor, s.detail},
		{http.MethodPost, "/:lang/consumption/detail", visitor, s.changeDetail},
		{http.MethodGet, "/:lang/consumption.csv", visitor, s.consumptionCSV},
		{http.MethodGet, "/:lang/consumption.json", visitor, s.consumptionJSON},
		{http.MethodGet, "/:lang/consumption.xml", visitor, s.consumptionXML},
		{http.MethodGet, "/:lang/consumption.pdf", visitor, s.consumptionPDF},
		{http.MethodGet, "/:lang/consumption.html", visitor, s.consumptionLetter},
		{http.MethodGet, "/:lang/readings/new", visitor, s.readings},
		{http.MethodPost, "/:lang/readings/new", visitor, s.enterReading},
		{http.MethodPost, "/:lang/visit/extend", s.behind(doors.Gate, Policy{Name: "requester", Admit: s.admitRequester}), s.extend},
		{http.MethodPost, "/:lang/leave", Anyone, s.leave},
		{http.MethodGet, "/:lang/reference/cancel", visitor, s.cancelForm},
		{http.MethodPost, "/:lang/reference/cancel", visitor, s.cancel},
		{http.MethodGet, "/:lang/reference/cancelled", Anyone, cancelled},
		{http.MethodGet, "/:lang/left", Anyone, left},
		{http.MethodGet, "/:lang/ended", Anyone, ended},
		{http.MethodGet, "/:lang/privacy", Anyone, privacy},
		{http.MethodGet, "/:lang/accessibility", Anyone, accessibility},
	}, s.paperRoutes(visitor), s.mandateRoutes(visitor), s.partnerRoutes(), s.captureRoutes(), s.followRoutes(), s.installerRoutes(), s.feedRoutes())
}
