package audit

// The actions about third parties.
const (
	PartnerAsked      Action = "partner.asked"     // an organisation asked for access
	PartnerApproved   Action = "partner.approved"  // an officer let it in
	PartnerRefused    Action = "partner.refused"   // or did not
	PartnerSuspended  Action = "partner.suspended" // an officer shut it out
	PartnerSupplier   Action = "partner.supplier"  // an officer wrote or took back its supplier code (L10)
	PartnerResumed    Action = "partner.resumed"   // and let it in again
	PartnersRead      Action = "partner.read"      // an officer read the list or a file
	PersonInvited     Action = "person.invited"    // one of a partner's people was invited
	PersonEnrolled    Action = "person.enrolled"   // and set up their account
	PersonEnded       Action = "person.ended"      // a manager ended a colleague
	PartnerSignedIn   Action = "person.signed-in"  // a session was opened
	PartnerTurnedAway Action = "person.refused"    // a sign-in that failed
	PartnerLeft       Action = "person.left"       // a session was left
	KeyMade           Action = "key.made"          // a manager made an API key
	KeyEnded          Action = "key.ended"         // and ended one
)
