package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"guichet/cmd/guichet/town"
	"guichet/mandates"
	"guichet/mandates/partner"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/metering"
	"guichet/portal/registry"
)

// marketCode is the code under which the demo's market knows a supplier.
func marketCode(name string) string {
	return strings.NewReplacer("É", "E", " ", "-").Replace(strings.ToUpper(name))
}

// suppliedBy is who supplies an access point of the town now.
func suppliedBy(t *town.Town, ean portal.EAN) (string, error) {
	for _, s := range t.Supplies {
		if s.EAN == ean && s.To.IsZero() {
			return s.Supplier, nil
		}
	}
	return "", errors.New("nobody supplies the town's first access point")
}

// endings are what is under way at the demo's supplier: three customers leave,
// each in another way, which nobody but them and the house can tell apart (L14).
var endings = []registry.Scenario{registry.EndOfContract, registry.Drop, registry.BudgetMeter}

// demoRegistrations has a registration accepted for each supply of the town, lets
// some end soon, and makes one delivery that its household sees.
func (f *foundation) demoRegistrations(ctx context.Context, t *town.Town, guest partner.Guest) error {
	first, to := t.Featured[0].EAN, guest.Organisation.AsSupplier()
	var told []registry.ToldRegistration
	left := endings
	for i, s := range t.Supplies {
		one := registry.HeldRegistration{Registration: registry.Registration{EAN: s.EAN, Supplier: marketCode(s.Supplier), Period: s.Period}}
		switch {
		case !s.To.IsZero():
			one.End = registry.EndOfContract
		case one.Supplier == to.Code && s.EAN != first && len(left) > 0:
			y, m, d := f.clock().In(portal.Brussels).Date()
			one.To, one.End, left = portal.Date(y, m, d+10+i%5), left[0], left[1:]
		}
		told = append(told, registry.ToldRegistration{HeldRegistration: one})
	}
	d, err := f.registrations(newProgress(io.Discard, "")).Apply(ctx, told, "the demo's market", false)
	if err == nil && len(d.Refused) > 0 {
		err = d.Refused[0]
	}
	if err != nil {
		return err
	}
	deeds, by := f.mandates(), audit.Entry{Actor: guest.Actor(), Ground: "partner", Channel: "web"}
	list, err := deeds.RegisteredTo(ctx, by, to, "", len(t.Supplies))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(list, func(one mandates.Supplied) bool { return one.EAN == first })
	if at < 0 {
		return errors.New("the demo's supplier is not registered on the town's first access point")
	}
	_, err = deeds.Supply(ctx, &metering.History{Ledger: f.store, Clock: f.clock}, by, to, list[at].ID,
		mandates.Asked{Query: metering.Query{Grain: metering.ByMonth}})
	return err
}
