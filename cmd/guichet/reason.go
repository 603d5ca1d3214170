package main

import (
	"errors"
	"fmt"

	"guichet/portal"
)

// reasons are the console's words for errors of ours; %v stands for their
// arguments.
var reasons = map[string]string{
	"ean.characters":          "an EAN has digits only",
	"ean.length":              "an EAN has 18 digits",
	"ean.prefix":              "an EAN here begins with 54",
	"ean.check":               "the check digit of this EAN is wrong",
	"meter.digits":            "the meter of %v has no four digits for a letter",
	"readings.point.unknown":  "the access register does not know %v; import the registry first",
	"readings.energy":         "access point %v: a register of %v does not belong to a point of %v",
	"readings.future":         "access point %v: readings of %v lie in the future",
	"staff.login":             "a login has 2 to 32 small letters, digits, dots and dashes and begins with a letter",
	"staff.name":              "give a name of at most 120 characters",
	"staff.role":              "there is no such role",
	"staff.taken":             "this login was used before; logins are never given twice",
	"staff.unknown":           "nobody of that login works here",
	"sign-in":                 "nobody signs in with these: check login, password and a fresh one-time code; after failures there is a wait",
	"login.busy":              "too many sign-ins at once; try again in some seconds",
	"desk.door.role":          "only a security officer who works here now turns switches",
	"desk.door.open":          "this door is not closed",
	"desk.door.asked-already": "opening this door was asked for already: another officer confirms it with the same command within 24 hours",
	"desk.door.not-asked":     "nobody asked to open this door in the last 24 hours",
	"desk.door.same-person":   "you asked for it: another officer must confirm",
	"desk.restore.none":       "there is nothing to accept: the database holds the newest head kept outside, or its loss was accepted",
	"desk.reason.empty":       "give a reason of at least five characters",
	"desk.reason.long":        "give a reason of at most 300 characters",
	"desk.reason.number":      "a reason holds no long number and no code: neither a reference nor an access point nor a telephone",
	"password.short":          "a password has at least %v characters",
	"password.long":           "a password has at most %v bytes",
	"password.common":         "this password stands on lists of known ones",
	"password.login":          "a password must not contain the login or the product's name",
}

// reason says an error to the operator.
func reason(err error) string {
	var ours *portal.Error
	if !errors.As(err, &ours) {
		return err.Error()
	}
	text, known := reasons[ours.Key]
	switch {
	case !known:
		return ours.Error()
	case len(ours.Args) == 0:
		return text
	default:
		return fmt.Sprintf(text, ours.Args...)
	}
}
