package web

import (
	"bytes"

	"guichet/portal/metering"
	"guichet/portal/metering/exchange"
	"guichet/web/ui/layout"
)

// files are the other forms of a selection; CSV and JSON stand beside them.
func (sel selection) files(x *ctx) []layout.Link {
	return []layout.Link{
		{Text: x.T("consumption.xml"), Href: x.path("/consumption.xml") + sel.values()},
	}
}

// consumptionXML is the same selection as ESPI 4.0.
func (s *site) consumptionXML(x *ctx) error {
	return s.download(x, "xml", "application/atom+xml; charset=utf-8", func(b *bytes.Buffer, series metering.Series) error {
		words := exchange.FeedWords{
			Mark: x.T("confidential.mark"), Title: unbroken(x.T("consumption.title." + string(series.Energy))),
			Author: s.Contact.Operator, Made: x.now, Registers: map[metering.Register]string{},
		}
		for _, r := range metering.Registers {
			words.Registers[r] = x.T("register." + string(r))
		}
		return exchange.WriteESPI(b, series, words)
	})
}
