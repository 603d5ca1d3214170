// Package outbox protects letters and mails waiting to go: a letter is queued
// in the transaction that decides it, lies sealed in the database, and is
// deleted when it is handed over to the printer's folder or the mail server.
// It knows kinds, languages and addresses; web/letter knows how they look.
package outbox

import (
	"encoding/json"
	"time"

	"guichet/portal"
)

// Kind is what a letter is about. A new kind needs: web/letter's builder, its
// texts in four languages, and the test that counts the kinds.
type Kind string

// The kinds of letters.
const (
	// References carries one or more references to a household: Data is a
	// registry.ReferenceLetter.
	References Kind = "references"
	// History carries the consumption history to the address on record: Data is
	// empty and To is too, for both are read when it is handed over (L28).
	History Kind = "history"
	// Answer tells what was decided on a request: Data is a registry.AnswerLetter.
	Answer Kind = "answer"
	// Detail confirms that detail finer than daily was chosen or withdrawn
	// (D5): Data is a metering.DetailLetter.
	Detail Kind = "detail"
	// Mandate tells a customer that somebody may have their consumption on a
	// mandate (D8): Data is a mandates.Letter.
	Mandate Kind = "mandate"
	// Invitation carries the one-time code with which an approved partner's
	// first person sets up their account: Data is a partner.Letter.
	Invitation Kind = "invitation"
	// WorksReceipt tells a requester that their request for works is recorded,
	// with the number and the code that open it (W11, D10): Data is a
	// works.ReceiptLetter.
	WorksReceipt Kind = "works-receipt"
	// WorksNews tells a requester what became of their request and what is
	// theirs to do: Data is a works.News.
	WorksNews Kind = "works-news"
	// WorksDigest tells an installer once a day what changed and what is due
	// among its requests (D10), by mail alone: Data is a works.Digest.
	WorksDigest Kind = "works-digest"
)

// Kinds lists them all.
var Kinds = []Kind{References, History, Answer, Detail, Mandate, Invitation, WorksReceipt, WorksNews, WorksDigest}

// Letter is one envelope. It holds secrets and so is only ever stored sealed.
type Letter struct {
	ID       string
	Kind     Kind
	Language portal.Language
	QueuedAt time.Time
	To       Address
	Mail     string // where it goes by mail instead; "" by post
	// Awaited is a mail that its reader asked for behind their own number and code,
	// and is locked out without: no cap of the day's mails holds it up. What bounds
	// it is that they may ask once a day; an officer who asks for them gives a
	// reason, and stands in the trail.
	Awaited bool `json:",omitempty"`
	Data    json.RawMessage
	// About are the occupancies that the letter is about: each finds it in its
	// list of letters. The first is the one whose data a History carries.
	About []string
}

// Address is where an envelope goes, as the supplier gave it (L28).
type Address struct {
	Name     string
	Street   string
	Postcode string
	Town     string
}
