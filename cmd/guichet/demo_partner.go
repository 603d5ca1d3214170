package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"guichet/cmd/guichet/town"
	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/evidence"
	"guichet/portal/keys"
	"guichet/portal/login"
	"guichet/portal/outbox"
	"guichet/portal/registry"
	"guichet/portal/state"
	"guichet/web/letter"
)

// demoPartners lets two third parties in as an officer would and sets up the
// first person of each: an adviser with two mandates of households in the town,
// one that waits for its signature and one in force; and a supplier of record
// with its registrations.
func (f *foundation) demoPartners(ctx context.Context, t *town.Town) (adviser, supplier accessPartner, err error) {
	// Some minutes ago: a one-time code works once, and the demo's first visitor
	// shall not have to wait for the next one.
	earlier := func() time.Time { return f.clock().Add(-5 * time.Minute) }
	room, err := f.partners(state.NewMemory(earlier, 16), earlier)
	if err != nil {
		return adviser, supplier, err
	}
	adviser, guest, err := f.letIn(ctx, room, earlier, partner.Application{Name: "Conseil Énergie Ourthe SRL", CompanyNumber: "0403.170.701", Mail: "contact@ourthe.example",
		PrivacyMail: "dpo@ourthe.example", Language: "fr", Street: "Quai de la Dérivation 10", Postcode: "4020", Town: "Liège", Manager: "Zoé Noël", Installer: true})
	if err != nil {
		return adviser, supplier, err
	}
	if err := f.demoMandates(ctx, t, guest); err != nil {
		return adviser, supplier, err
	}
	name, err := suppliedBy(t, t.Featured[0].EAN)
	if err != nil {
		return adviser, supplier, err
	}
	supplier, guest, err = f.letIn(ctx, room, earlier, partner.Application{Name: name + " SA", CompanyNumber: "0417.497.106", Mail: "contact@fournisseur.example",
		PrivacyMail: "dpo@fournisseur.example", Language: "fr", Street: "Rue de l’Énergie 1", Postcode: "5000", Town: "Namur", Manager: "Jean Dupont", Supplier: marketCode(name)})
	if err != nil {
		return adviser, supplier, err
	}
	return adviser, supplier, f.demoRegistrations(ctx, t, guest)
}

// letIn leads an organisation from its application to its first person's
// account and a key.
func (f *foundation) letIn(ctx context.Context, room *partner.Service, earlier portal.Clock, a partner.Application) (accessPartner, partner.Guest, error) {
	nobody := func(err error) (accessPartner, partner.Guest, error) { return accessPartner{}, partner.Guest{}, err }
	o, err := room.Ask(ctx, a)
	if err != nil {
		return nobody(err)
	}
	if err := room.Approve(ctx, portal.Actor{Kind: portal.System, ID: "demo"}, o.ID, true); err != nil {
		return nobody(err)
	}
	invited, err := f.invitation(ctx, o.Name)
	if err != nil {
		return nobody(err)
	}
	seed, err := room.Invited(ctx, invited.Login, keys.Secret(invited.Code))
	if err != nil {
		return nobody(err)
	}
	code, err := login.Code(seed, earlier())
	if err != nil {
		return nobody(err)
	}
	password := drawPassword()
	if err := room.SetUp(ctx, invited.Login, keys.Secret(invited.Code), password, code); err != nil {
		return nobody(err)
	}
	guest := partner.Guest{Person: partner.Person{Login: invited.Login, PartnerID: o.ID, Manager: true}, Organisation: o}
	key, _, err := room.MakeKey(ctx, guest, partner.KeyForm{Name: "démonstration", Scopes: partner.Scopes, Months: partner.LongestKey})
	if err != nil {
		return nobody(err)
	}
	return accessPartner{Login: invited.Login, Password: password.Reveal(), OTPSecret: seed.Reveal(), APIKey: key.Reveal()}, guest, nil
}

// invitation reads the letter of its kind that waits for an organisation.
func (f *foundation) invitation(ctx context.Context, organisation string) (l partner.Letter, err error) {
	for after := ""; ; {
		waiting, err := f.store.WaitingLetters(ctx, after, 50)
		if err != nil {
			return l, err
		}
		for _, w := range waiting {
			if after = w.ID; w.Kind != outbox.Invitation {
				continue
			}
			if err := json.Unmarshal(w.Data, &l); err != nil || l.Organisation == organisation {
				return l, err
			}
		}
		if len(waiting) == 0 {
			return l, errors.New("the demo's partner got no invitation")
		}
	}
}

func (f *foundation) demoMandates(ctx context.Context, t *town.Town, guest partner.Guest) error {
	by := audit.Entry{Actor: guest.Actor(), Ground: "partner", Channel: "web"}
	deeds, to := f.mandates(), guest.Organisation.Mandatary()
	var drafted []mandates.Mandate
	var stays []registry.Occupancy
	for _, w := range t.Featured[:2] {
		stay, ok := livesAt(t, w.EAN)
		if !ok {
			return errors.New("nobody lives at the town's first access points")
		}
		m, err := deeds.Draft(ctx, by, to, mandates.Draft{Name: stay.Name, Capacity: string(mandates.Occupant), Street: stay.Street, Postcode: stay.Postcode,
			Town: stay.Town, Language: string(stay.Language), Points: string(w.EAN), Kinds: []string{string(mandates.Totals), string(mandates.Daily)},
			DataFrom: stay.From.In(portal.Brussels).Format(time.DateOnly), Purpose: "Comparer des offres de fourniture et suivre la consommation."})
		if err != nil {
			return err
		}
		drafted, stays = append(drafted, m), append(stays, stay)
	}
	if f.settings.Clamd != "" {
		return nil // only the scanner lets a document go: both wait for their signature
	}
	return f.demoGrant(ctx, by, guest, drafted[0], stays[0])
}

func livesAt(t *town.Town, ean portal.EAN) (registry.Occupancy, bool) {
	for _, o := range t.Occupancies {
		if o.EAN == ean && o.To.IsZero() {
			return o, true
		}
	}
	return registry.Occupancy{}, false
}

// demoGrant leads a mandate to where it delivers: document, officer, customer.
func (f *foundation) demoGrant(ctx context.Context, by audit.Entry, guest partner.Guest, m mandates.Mandate, stay registry.Occupancy) error {
	uploads, err := f.evidence()
	if err != nil {
		return err
	}
	defer uploads.Sandbox.Close()
	uploads.Sandbox.Interpreted = true // one page is read once: compiling would be most of the demo's start
	deeds, to := f.mandates(), guest.Organisation.Mandatary()
	house := f.scribe().House
	pdf, err := letter.Mandate(m, to, f.clock(), house).PDF(house)
	if err != nil {
		return err
	}
	kept, err := uploads.Take(ctx, by, evidence.Upload{Subject: mandates.Subject(m.ID), Name: "mandat.pdf", Body: bytes.NewReader(pdf)})
	if err != nil {
		return err
	}
	officer := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "demo"}, Ground: "mandate", Channel: "command"}
	if err := deeds.GiveIn(ctx, by, to.ID, m.ID, mandates.Document{ID: portal.NewID(f.clock()), EvidenceID: kept.ID, Hash: kept.Hash}); err != nil {
		return err
	}
	given, _, err := f.store.GivenMandate(ctx, m.ID)
	if err != nil {
		return err
	}
	return errors.Join(
		uploads.Release(ctx, officer, kept.Subject, kept.ID),
		deeds.Decide(ctx, officer, to, m.ID, mandates.Decision{Given: given.GivenAt, Signature: mandates.ByHand, Checks: mandates.Checks,
			Lines: map[portal.EAN]mandates.LineDecision{stay.EAN: {OccupancyID: stay.ID}}}),
		deeds.Confirm(ctx, audit.Entry{Actor: portal.Actor{Kind: portal.Household}, Ground: "reference", Channel: "web"}, stay.ID, m.ID),
	)
}
