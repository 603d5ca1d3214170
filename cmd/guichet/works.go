package main

import (
	"context"
	"fmt"

	"guichet/web"
	"guichet/web/letter"
	"guichet/works"
)

// works is the room of requests for works.
func (f *foundation) works() *works.Service {
	return &works.Service{Clock: f.clock, Runner: f.store, Store: f.store, Ring: f.ring, Master: works.Master(f.settings.WorksMaster)}
}

// captures wires the pages on which a request is made.
func (f *foundation) captures(g gateParts) web.WorksDeps {
	return web.WorksDeps{Service: f.works(), Drafts: &works.Drafts{Ring: f.ring, Clock: f.clock, State: g.short}, Papers: g.uploads,
		ADay: f.settings.CapturesADay, ADayNetwork: f.settings.CapturesADayNet}
}

// carrier takes mails away: the server that is set, else files beside the letters.
func (f *foundation) carrier() (letter.Carrier, error) {
	if f.settings.SMTP == "" {
		folder := f.settings.Outbox
		if folder == outboxExport {
			folder = f.settings.Dir
		}
		return letter.Files{Folder: folder}, nil
	}
	server, err := letter.OpenServer(f.settings.SMTP.Reveal())
	if err != nil {
		return nil, fmt.Errorf("SMTP: %w", err)
	}
	return server, nil
}

// sendMails sends what is due.
func (f *foundation) sendMails(ctx context.Context, carrier letter.Carrier) error {
	courier := &letter.Courier{Scribe: f.scribe(), Mails: f.store, Carrier: carrier, Ring: f.ring, From: f.settings.MailFrom, ADay: int(f.settings.MailsADay)}
	_, err := courier.HandOver(ctx)
	return err
}
