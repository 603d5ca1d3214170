package audit

// The actions about requests for works.
const (
	WorksMade      Action = "works.made"       // a request was captured (W5, W11)
	WorksMoved     Action = "works.moved"      // one went on: the event, from where, to where (W4)
	WorksNoted     Action = "works.noted"      // something about it was recorded that moves nothing
	WorksPaper     Action = "works.paper"      // a document was added
	WorksShown     Action = "works.shown"      // it was shown to its requester or the network user
	WorksRead      Action = "works.read"       // an officer read one, or a list
	WorksRefused   Action = "works.foreign"    // a field was sent that the kind has no place for (W13)
	WorksPaid      Action = "works.paid"       // a payment was matched with it
	WorksHeld      Action = "works.held"       // a company may follow it, by its code or by consent (D10)
	WorksLetGo     Action = "works.let-go"     // and may no longer
	WorksCode      Action = "works.code"       // it got another code; the old one opens nothing (D10)
	WorksFeedMade  Action = "works.feed-made"  // a calendar got a secret address, or another
	WorksFeedEnded Action = "works.feed-ended" // and has none any more
	WorksReminded  Action = "works.reminded"   // a requester was reminded of a date
	WorksDigest    Action = "works.digest"     // an installer wants the daily mail, or no longer
	WorksGone      Action = "works.gone"       // what is of no more use was forgotten: what, how many (D16)
	WorksTold      Action = "works.told"       // the operator's works system told of some (D13)
	PaymentsFiled  Action = "payments.filed"   // a bank file was imported
	PaymentAside   Action = "payment.aside"    // an officer found that one is for no request
)
