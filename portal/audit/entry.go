package audit

import (
	"time"

	"guichet/portal"
)

// Action is what an entry tells. A new action needs a line here and
// web/locales "action."+name.
type Action string

// The actions.
const (
	LookupRefused   Action = "lookup.refused"   // an attempt that did not open
	LookupOpened    Action = "lookup.opened"    // an attempt that opened a visit
	LookupBlocked   Action = "lookup.blocked"   // the attempt that closed a reference
	LookupUnheard   Action = "lookup.unheard"   // an attempt that a limit did not let be compared (G7)
	GateMoved       Action = "gate.moved"       // the gate's step changed (G7)
	AlarmRaised     Action = "gate.alarm"       // something at the gate that a person must look at (G7, G9)
	VisitExtended   Action = "visit.extended"   // the visitor asked for more time
	VisitLeft       Action = "visit.left"       // the visitor left
	HistoryShown    Action = "history.shown"    // consumption shown on a page
	HistoryTaken    Action = "history.taken"    // consumption downloaded
	SeenShown       Action = "seen.shown"       // who looked was shown on a page
	ReceiptTaken    Action = "seen.taken"       // the receipt of an entry was downloaded
	DetailChosen    Action = "detail.chosen"    // detail finer than daily was chosen (D5)
	DetailWithdrawn Action = "detail.withdrawn" // the choice was withdrawn, what was finer is deleted (D5)
	DetailEnded     Action = "detail.ended"     // a move ended the choice (D5)
	RegistryLoaded  Action = "registry.loaded"  // a registry file was imported
	Registered      Action = "supplier.loaded"  // a file of suppliers' registrations was imported (L10)
	ReadingsLoaded  Action = "readings.loaded"  // a readings file was imported
	WindowsLoaded   Action = "windows.loaded"   // a file of reading windows was imported
	WeatherLoaded   Action = "weather.loaded"   // a file of degree-days was imported
	ReadingEntered  Action = "reading.entered"  // a customer typed the registers of a meter (D6)
	ReadingsShown   Action = "readings.shown"   // readings shown on a page
	ReadingsSent    Action = "readings.sent"    // readings left for validation
	ReadingSettled  Action = "reading.settled"  // a reading came back validated or corrected
	ReadingsRead    Action = "readings.read"    // a reading that waits for a person was read at the desk
	ReadingJudged   Action = "reading.judged"   // it was released, corrected or refused there (L4)
	WindowEnded     Action = "window.ended"     // a reading window was over: read, estimated, or neither
	LegacyLoaded    Action = "legacy.loaded"    // a file of another system's references was imported
	DigitsMeasured  Action = "digits.measured"  // how often the likeliest digits come (G8)
	BrowsersGone    Action = "browsers.gone"    // browsers are known no longer and were forgotten (G7, D16)
	VisitsGone      Action = "visits.gone"      // old visits were forgotten (D16)
	TriesGone       Action = "tries.gone"       // failures that had lapsed were forgotten (G6)
	ReferencesGone  Action = "references.gone"  // references that ended long ago were forgotten (D16)
	ReferenceIssued Action = "reference.issued" // a reference was drawn and its letter queued
	ReferenceEnded  Action = "reference.ended"  // a reference was ended
	LetterAsked     Action = "letter.asked"     // somebody without letter typed an EAN
	LetterAnswered  Action = "letter.answered"  // such a request was handled, with its outcome
	HistoryAsked    Action = "history.asked"    // the history was asked by post, with what became of it
	HistoryPosted   Action = "history.posted"   // a letter with the history left for the address on record (L28)
	FileShown       Action = "file.shown"       // what the portal holds on somebody was shown to them
	FileTaken       Action = "file.taken"       // the same, downloaded
	MoveLearnt      Action = "move.learnt"      // the register told a move late, with what it made wrong (D3)
	MovesRead       Action = "moves.read"       // the back office read late moves
	MoveSeen        Action = "move.seen"        // and has dealt with one
	RectifyAsked    Action = "rectify.asked"    // somebody says that data about them are wrong (S4)
	RectifyRead     Action = "rectify.read"     // the back office read such a request
	RectifyDecided  Action = "rectify.decided"  // it was decided, and the answer queued
	GroundAsked     Action = "ground.asked"     // an officer asked that an heir, guardian or owner may look (D7)
	GroundGranted   Action = "ground.granted"   // another officer granted it
	GroundRefused   Action = "ground.refused"   // or refused it
	GroundEnded     Action = "ground.ended"     // an officer ended it
	GroundsRead     Action = "grounds.read"     // the back office read one
	LetterDropped   Action = "letter.dropped"   // a letter could no longer go to the address on record (D2, Ld9)
	LetterHanded    Action = "letter.handed"    // a letter left the outbox
	StaffAdded      Action = "staff.added"
	StaffSignedIn   Action = "staff.signed-in"
	StaffRefused    Action = "staff.refused" // a sign-in that failed
	StaffLeft       Action = "staff.left"
	DeskListed      Action = "desk.listed"    // the list of blocked references was read
	DeskSought      Action = "desk.sought"    // a caller's number was looked for among the blocked
	DeskOpened      Action = "desk.opened"    // a case was opened at the desk
	CallerChecked   Action = "caller.checked" // answers of a caller were compared
	Unblocked       Action = "reference.unblocked"
	UnblockAsked    Action = "reference.unblock-asked" // a second agent is needed (G10)
	KeysMade        Action = "keys.made"
	Migrated        Action = "database.migrated"
	BackupMade      Action = "database.copied" // a backup was written
	Erased          Action = "trail.erased"    // personal parts of old entries were erased (D16)
	DoorClosed      Action = "door.closed"     // the kill switch closed a public door (G11)
	DoorAsked       Action = "door.asked"      // a second person is needed to open it
	DoorOpened      Action = "door.opened"     // that second person opened it
	ClockSet        Action = "clock.set"       // the high-water mark was set by hand (T17)
	RestoreAccepted Action = "trail.restore"   // the log goes on from a backup (T17)
)

// The actions about mandates and their documents.
const (
	MandateDrafted   Action = "mandate.drafted"   // a partner wrote or changed the text of a mandate
	MandateGiven     Action = "mandate.given"     // a partner gave in a signed document
	MandateReturned  Action = "mandate.returned"  // an officer asked for what is missing
	MandateWithdrawn Action = "mandate.withdrawn" // a partner gave up what was not decided
	MandateRead      Action = "mandate.read"      // an officer compared a mandate with the register
	MandateGranted   Action = "mandate.granted"   // an officer granted a line (L29)
	MandateRefused   Action = "mandate.refused"   // an officer refused a line
	MandateConfirmed Action = "mandate.confirmed" // the customer said yes behind the reference (D8)
	MandateRevoked   Action = "mandate.revoked"   // the customer said no (Ld5)
	MandateEnded     Action = "mandate.ended"     // a line ended for another reason (Ld4)
	Delivered        Action = "delivery.made"     // consumption left on a mandate (L18, L29)
	DeliveryRefused  Action = "delivery.refused"  // it was asked for and refused (L29)
	SupplyRead       Action = "supply.read"       // a supplier was shown its registrations, or one of them (L18)
	EvidenceReceived Action = "evidence.received" // a document was uploaded and kept in quarantine (T25)
	EvidenceRefused  Action = "evidence.refused"  // one was not taken, with the reason
	EvidenceCleared  Action = "evidence.cleared"  // the scanner found nothing
	EvidenceInfected Action = "evidence.infected" // the scanner found something; the bytes are gone
	EvidenceReleased Action = "evidence.released" // an officer let it go where no scanner is set
	EvidenceShown    Action = "evidence.shown"    // a page of it was shown
	EvidenceTaken    Action = "evidence.taken"    // its bytes were downloaded
	EvidenceChecked  Action = "evidence.checked"  // its electronic signature was judged (D8)
	EvidencePurged   Action = "evidence.purged"   // three years after its mandate's end (D16)
	BatchAsked       Action = "batch.asked"       // a partner asked for many access points at once
	BatchTaken       Action = "batch.taken"       // and fetched a page of what came of it
	HookMade         Action = "hook.made"         // a partner registered a webhook
	HookEnded        Action = "hook.ended"        // and ended one
)

// Entry is one line of the trail: who did what, when, on what ground, through
// which channel. Subject and Details may be personal: they stay outside the
// Merkle tree behind a salted commitment and can be erased (architecture, "The
// trail"). Nothing of G12 may stand in any field.
type Entry struct {
	ID      string    // given by the Tx where empty
	At      time.Time // demanded; microseconds
	Actor   portal.Actor
	Action  Action
	Ground  string // why it was allowed or asked: "reference", a case number, a typed reason's key
	Channel string // "web", "desk", "command", "post"
	// Subject is what it is about: "occupancy:"+id, "reference:"+counter key, "partner:"+id, "person:"+login,
	// "letter-request:"+id, "staff:"+login, "registration:"+id, or empty.
	Subject string
	Details map[string]string
	// Blind is the salt of its commitment, where the leaf is needed before the
	// commit (Recorded); drawn by the Tx where empty.
	Blind []byte
}
