package main

import (
	"context"
	"slices"

	"guichet/cmd/guichet/town"
	"guichet/portal"
	"guichet/portal/audit"
	"guichet/portal/registry"
	"guichet/works"
	"guichet/works/calendar"
)

// accessWorks opens the demo's request for works.
type accessWorks struct {
	Number string `json:"number"`
	Code   string `json:"code"`
}

// demoInstaller is the company number of the partner that follows it.
const demoInstaller = "0403170701"

// demoWorks lets the town's first household ask for three phases, and leads the
// request to the offer that waits for its answer.
func (f *foundation) demoWorks(ctx context.Context, t *town.Town) (accessWorks, error) {
	at := slices.IndexFunc(t.Occupancies, func(o registry.Occupancy) bool { return o.EAN == t.Featured[0].EAN && o.To.IsZero() })
	stay := t.Occupancies[at] // the town points out who lives there now
	room := f.works()
	room.Master = works.InPortal // where a works system is the master, the demo has none beside it: its part is played here
	by := audit.Entry{Actor: portal.Actor{Kind: portal.System, ID: "demo"}, Channel: "command"}
	made, err := room.Capture(ctx, by, works.Draft{Kind: string(works.Phases13), Energy: string(portal.Electricity), Requester: string(works.Person),
		Name: stay.Name, Mail: "demande@guichet.example", Language: string(stay.Language), Channel: string(works.ByMail),
		Street: stay.Street, Postcode: stay.Postcode, Town: stay.Town, FirstOccupied: "1987", Dwelling: true, EndUser: true,
		Values: map[string]string{"ean": string(stay.EAN), "supply": "three-400", "power_wished": "17,3", "charging_point": "11"}}, nil, "", "")
	if err != nil {
		return accessWorks{}, err
	}
	if err := room.Hold(ctx, by, made.Request.ID, demoInstaller, works.ByConsent); err != nil {
		return accessWorks{}, err
	}
	for _, e := range []works.Event{works.EventStudy, works.EventDraw, works.EventOffer} {
		if _, err := room.Move(ctx, by, made.Request.ID, works.Operator, e, "", func(r *works.Request) error {
			if e == works.EventOffer {
				now := f.clock()
				valid, _ := calendar.Defaults().For(calendar.OfferValid, now)
				r.Offer = works.Offer{Version: 1, Said: true, Lines: [4]int64{0, 31_200, 18_400, 4_800}, VAT: 6, Percent: 50,
					Terms: f.settings.WorksTerms, TermsAt: f.settings.WorksTermsURL, SentAt: now, ValidTo: calendar.Count(valid, now, nil).Ends()}
			}
			return nil
		}); err != nil {
			return accessWorks{}, err
		}
	}
	return accessWorks{Number: made.Request.Number.Reveal(), Code: made.Code.Reveal()}, nil
}
