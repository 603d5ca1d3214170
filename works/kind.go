package works

import "guichet/portal"

// Kind is a sort of works (facts C.1).
type Kind string

// The kinds. A new one needs: kinds below, web/locales "works.kind."+name.
const (
	NewConnection  Kind = "new-connection"
	NewCollective  Kind = "new-collective"
	ChangeExisting Kind = "change-existing"
	MorePower      Kind = "more-power"
	Phases13       Kind = "phases" // single-phase to three-phase, or back
	Provisional    Kind = "provisional"
	MeterMove      Kind = "meter-move"
	Removal        Kind = "removal"
	Opening        Kind = "opening"
	ClosingPoint   Kind = "closing-point"
	EndOfContract  Kind = "end-of-contract"
	Drop           Kind = "drop"         // shown as end-of-contract (D12)
	BudgetMeter    Kind = "budget-meter" // shown as end-of-contract (D12)
	SmartMeter     Kind = "smart-meter"
	FourQuadrant   Kind = "four-quadrant"
	TwoRate        Kind = "two-rate"
	NightOnly      Kind = "night-only"
	CustomerPort   Kind = "customer-port"
	Declaration    Kind = "declaration" // of production, batteries, charging points
	GasConnection  Kind = "gas-connection"
	MeterCheck     Kind = "meter-check"
	Subdivision    Kind = "subdivision"
)

// Facts is what a kind is, as data: a kind is nothing but its Facts.
type Facts struct {
	Kind     Kind
	Energies []portal.Energy
	Offer    bool // an offer is made; else it goes from the study to its preparation
	// DepositPercent of the offer's total, and its validity in months (D11).
	DepositPercent, ValidMonths int
	UserAgrees                  bool // the network user must agree in a let dwelling (D11, Wd5)
	ReducedVAT                  bool // the 6 % of facts C.5 can apply
	Ask                         []RequesterKind
	Need                        []Field    // beside those of every request
	May                         []Field    // the others it may hold
	Papers                      []Document // without which it is not passed on (W5)
	As                          Kind       // what anybody but the network user and staff sees; "" for itself
}

var (
	electricity = []portal.Energy{portal.Electricity}
	both        = []portal.Energy{portal.Electricity, portal.Gas}
	gas         = []portal.Energy{portal.Gas}
	anybody     = []RequesterKind{Person, Company, ThirdParty, PublicBody}
	suppliers   = []RequesterKind{Supplier, Internal}
	everybody   = append(append([]RequesterKind{}, anybody...), Supplier, Internal)
)

// offered fills in what every kind with an offer has.
func offered(f Facts) Facts {
	f.Offer, f.DepositPercent, f.ValidMonths = true, 50, 3
	if f.Ask == nil {
		f.Ask = append(append([]RequesterKind{}, anybody...), Internal)
	}
	return f
}

// ended is the one life of the three kinds that must not be told apart (D12,
// L14, L15): same fields, same steps, no offer, no papers.
func ended(k Kind) Facts {
	f := Facts{Kind: k, Energies: both, Ask: suppliers, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}}
	if k != EndOfContract {
		f.As = EndOfContract
	}
	return f
}

var kinds = []Facts{
	offered(Facts{Kind: NewConnection, Energies: electricity, Need: []Field{PowerWished, Supply}, ReducedVAT: true,
		May: []Field{Parcel, WishedDay, PermitReference, Production, ChargingPoint, HeatPump}, Papers: []Document{SitePlan}}),
	offered(Facts{Kind: NewCollective, Energies: both, Need: []Field{Units, PowerWished},
		May: []Field{Supply, Parcel, WishedDay, PermitReference, Production, ChargingPoint, HeatPump}, Papers: []Document{SitePlan, GroundPlan, Permit}}),
	offered(Facts{Kind: ChangeExisting, Energies: both, Need: []Field{EAN, Description}, May: []Field{MeterNumber, WishedDay, Supply}, ReducedVAT: true}),
	offered(Facts{Kind: MorePower, Energies: electricity, Need: []Field{EAN, PowerWished}, ReducedVAT: true,
		May: []Field{MeterNumber, PowerNow, Supply, WishedDay, Production, ChargingPoint, HeatPump}}),
	offered(Facts{Kind: Phases13, Energies: electricity, Need: []Field{EAN, Supply}, ReducedVAT: true,
		May: []Field{MeterNumber, PowerNow, PowerWished, WishedDay, Production, ChargingPoint, HeatPump}}),
	offered(Facts{Kind: Provisional, Energies: electricity, Need: []Field{PowerWished, WishedDay, UntilDay},
		May: []Field{Supply, Parcel, PermitReference}, Papers: []Document{SitePlan}}),
	offered(Facts{Kind: MeterMove, Energies: both, Need: []Field{EAN, Description}, May: []Field{MeterNumber, WishedDay}, UserAgrees: true, ReducedVAT: true}),
	offered(Facts{Kind: Removal, Energies: both, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}, UserAgrees: true}),
	{Kind: Opening, Energies: both, Ask: everybody, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}, Papers: []Document{Conformity}},
	{Kind: ClosingPoint, Energies: both, Ask: anybody, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}, UserAgrees: true},
	ended(EndOfContract), ended(Drop), ended(BudgetMeter),
	{Kind: SmartMeter, Energies: electricity, Ask: everybody, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}},
	{Kind: FourQuadrant, Energies: electricity, Ask: anybody, Need: []Field{EAN, Production}, May: []Field{MeterNumber, WishedDay}},
	offered(Facts{Kind: TwoRate, Energies: electricity, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}, ReducedVAT: true}),
	offered(Facts{Kind: NightOnly, Energies: electricity, Need: []Field{EAN}, May: []Field{MeterNumber, WishedDay}, ReducedVAT: true}),
	{Kind: CustomerPort, Energies: electricity, Ask: anybody, Need: []Field{EAN, PortOpen}, May: []Field{MeterNumber}},
	{Kind: Declaration, Energies: electricity, Ask: anybody, Need: []Field{EAN}, May: []Field{MeterNumber, Production, Battery, ChargingPoint, HeatPump, WishedDay},
		Papers: []Document{Conformity}},
	offered(Facts{Kind: GasConnection, Energies: gas, Need: []Field{GasFlow}, ReducedVAT: true,
		May: []Field{Parcel, WishedDay, PermitReference, Units}, Papers: []Document{SitePlan}}),
	offered(Facts{Kind: MeterCheck, Energies: both, Need: []Field{EAN, Description}, May: []Field{MeterNumber, WishedDay}}),
	offered(Facts{Kind: Subdivision, Energies: both, Need: []Field{Units}, May: []Field{Parcel, PowerWished, PermitReference, WishedDay},
		Papers: []Document{SitePlan, Permit}}),
}

// Kinds lists them all, in the order of the choice.
var Kinds = func() (all []Kind) {
	for _, f := range kinds {
		all = append(all, f.Kind)
	}
	return all
}()

// Facts gives what a kind is; the zero Facts for one there is not.
func (k Kind) Facts() Facts {
	for _, f := range kinds {
		if f.Kind == k {
			return f
		}
	}
	return Facts{}
}

// Masked is the kind that strangers see (D12).
func (k Kind) Masked() Kind {
	if as := k.Facts().As; as != "" {
		return as
	}
	return k
}
