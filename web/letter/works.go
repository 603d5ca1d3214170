package letter

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"guichet/portal"
	"guichet/portal/outbox"
	"guichet/web/i18n"
	"guichet/works"
	"guichet/works/payment"
)

// worksReceipt writes what a requester keeps: number and code of their request
// (D10), and what is missing until when (W5).
func worksReceipt(l outbox.Letter, h House) (Paper, error) {
	var data works.ReceiptLetter
	if err := json.Unmarshal(l.Data, &data); err != nil {
		return Paper{}, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	p := newPaper(c, l)
	p.Title = c.T("letter.works")
	if len(data.Together) > 0 {
		together(c, &p, data)
		p.After = append(p.After, c.T("letter.works.how", lookup(l, h)), c.T("letter.works.not-you", h.CallCentre))
		return p, nil
	}
	if !data.RenewedAt.IsZero() {
		p.Title = c.T("letter.works.code")
		p.Paragraphs = []string{c.T("letter.works.code.what", c.Date(data.RenewedAt), c.T("works.kind."+string(data.Kind)), c.T("energy."+string(data.Energy)))}
		opening(c, &p, data)
		p.After = append(p.After, c.T("letter.works.how", lookup(l, h)), c.T("letter.works.code.not-you", h.CallCentre))
		return p, nil
	}
	p.Paragraphs = []string{c.T("letter.works.what", c.Date(data.MadeAt), c.T("works.kind."+string(data.Kind)), c.T("energy."+string(data.Energy)))}
	opening(c, &p, data)
	if len(data.Missing) > 0 {
		p.After = append(p.After, c.T("letter.works.missing", missingWords(c, data.Missing), c.Date(data.MissingBy)))
	}
	if len(data.Missing) == 0 {
		p.After = append(p.After, c.T("works.made.next"))
	}
	p.After = append(p.After, c.T("letter.works.how", lookup(l, h)), c.T("letter.works.not-you", h.CallCentre))
	return p, nil
}

// opening is what opens a request, and lookup where.
func opening(c *i18n.Catalog, p *Paper, data works.ReceiptLetter) {
	p.Caption = c.T("letter.works.table")
	p.Columns = []Column{{Text: c.T("works.made.number")}, {Text: c.T("works.made.code")}}
	p.Rows = [][]string{{works.FormatNumber(data.Number), data.Code}}
}

func lookup(l outbox.Letter, h House) string {
	return h.BaseURL + "/" + string(l.Language) + "/works/lookup"
}

// together is the receipt of requests that an installer made at once.
func together(c *i18n.Catalog, p *Paper, data works.ReceiptLetter) {
	p.Paragraphs = []string{c.T("letter.works.together", c.Date(data.MadeAt), len(data.Together))}
	p.Caption = c.T("letter.works.table")
	p.Columns = []Column{{Text: c.T("works.made.number")}, {Text: c.T("works.made.code")}, {Text: c.T("works.request.column.kind")}, {Text: c.T("works.field.town")}}
	for _, one := range data.Together {
		p.Rows = append(p.Rows, []string{works.FormatNumber(one.Number), one.Code, c.T("works.kind." + string(one.Kind)), one.Town})
	}
	p.After = append(p.After, c.T("letter.works.together.papers"))
}

// missingWords names fields and documents.
func missingWords(c *i18n.Catalog, missing []string) string {
	words := make([]string, len(missing))
	for i, m := range missing {
		if words[i] = "works.field." + m; !c.Has(words[i]) {
			words[i] = "works.document." + m
		}
		words[i] = c.T(words[i])
	}
	return c.List(words)
}

// DayWords tells when the team comes: on a day, or in the half of one that
// begins at an hour.
func DayWords(c *i18n.Catalog, day time.Time) string {
	if works.WholeDay(day) {
		return c.T("works.request.day.whole", c.Weekday(day))
	}
	return c.T("works.request.day.half", c.Weekday(day), c.Time(day), c.Time(day.Add(works.HalfDay)))
}

// worksNews writes to a requester what became of their request, and brings the
// offer where one was made (W7).
func worksNews(l outbox.Letter, h House) (Paper, error) {
	var data works.News
	err := json.Unmarshal(l.Data, &data)
	told := slices.Contains(slices.Concat(works.Told, works.InTheirName, works.Reminders), data.Event) || data.Event == works.Followed
	if err != nil || !told || !slices.Contains(works.Statuses, data.Status) {
		return Paper{}, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	p := newPaper(c, l)
	p.Title = c.T("works.title."+string(data.Status), c.Date(data.Until))
	p.Paragraphs = []string{
		c.T("letter.works.news.what", works.FormatNumber(data.Number), c.T("works.kind."+string(data.Kind)), c.T("energy."+string(data.Energy))),
		c.T("letter.works.news."+string(data.Event), c.Date(data.Until), missingWords(c, data.Missing), portal.FormatCompanyNumber(data.Company), h.CallCentre),
	}
	communication, err := payment.CommunicationOf(data.Number)
	if err != nil {
		return Paper{}, err
	}
	var sign []string
	switch {
	case data.Event == works.Followed:
		p.Title = c.T("letter.works.followed")
	case data.Event == works.EventPlan:
		p.Paragraphs = append(p.Paragraphs, DayWords(c, data.Until), c.T("works.next.planned"))
	case data.Event == works.RemindDay:
		p.Paragraphs = append(p.Paragraphs, DayWords(c, data.Until))
	case data.Event == works.EventOffer:
		p.amounts(c, h, data.Offer, communication.String())
		p.terms(c, data.Offer)
		if l.Mail == "" { // who is written to by post can sign and send it back
			p.After = append(p.After, c.T("letter.offer.change"))
			sign = []string{c.T("letter.offer.paper", h.CallCentre), c.T("letter.offer.place"), c.T("letter.offer.signature")}
		}
	case data.Status == works.Agreed:
		p.Paragraphs = append(p.Paragraphs, c.T("letter.works.news.pay", euros(c, data.Offer.Deposit()-data.Offer.Paid), c.Date(data.Until), communication.String(), AccountWords(c, h)))
	}
	p.After = append(p.After, c.T("letter.works.news.how", lookup(l, h), h.CallCentre))
	p.After = append(p.After, sign...)
	return p, nil
}

// worksDigest is an installer's one mail of a day: what changed, what is due.
func worksDigest(l outbox.Letter, h House) (Paper, error) {
	var data works.Digest
	if err := json.Unmarshal(l.Data, &data); err != nil || len(data.Changed)+len(data.Due) == 0 {
		return Paper{}, errors.New("letter's data cannot be read")
	}
	c := i18n.For(l.Language)
	p := newPaper(c, l)
	p.Title = c.T("letter.works.digest")
	p.Paragraphs = []string{c.T("letter.works.digest.what", c.Date(data.Since))}
	p.Caption = c.T("letter.works.digest.table")
	p.Columns = []Column{{Text: c.T("letter.works.digest.why")}, {Text: c.T("works.made.number")}, {Text: c.T("works.request.column.kind")},
		{Text: c.T("works.field.town")}, {Text: c.T("works.request.column.state")}, {Text: c.T("works.installer.due")}}
	for _, part := range []struct {
		why   string
		lines []works.DigestLine
		more  int
	}{{c.T("letter.works.digest.due"), data.Due, data.MoreDue}, {c.T("letter.works.digest.changed"), data.Changed, data.MoreChanged}} {
		for _, one := range part.lines {
			due := "–"
			if !one.Due.IsZero() {
				due = c.Date(one.Due.Add(-time.Second))
			}
			p.Rows = append(p.Rows, []string{part.why, works.FormatNumber(one.Number), c.T("works.kind." + string(one.Kind)), one.Town, c.T("works.status." + string(one.Status)), due})
		}
		if part.more > 0 {
			p.After = append(p.After, c.T("letter.works.digest.more", part.why, part.more))
		}
	}
	at := h.BaseURL + "/" + string(l.Language) + "/partner/works"
	p.After = append(p.After, c.T("letter.works.digest.how", at), c.T("letter.works.digest.end", at+"/calendar"))
	return p, nil
}
