package web

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"guichet/portal"
	"guichet/web/ui/layout"

	"github.com/PuerkitoBio/goquery"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

var testContact = layout.Contact{Operator: "Guichet", Phone: "078 00 00 00", Privacy: "privacy@guichet.example", Security: "mailto:security@guichet.example"}

func testCommon(clock portal.Clock) Common {
	return Common{Clock: clock, Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(prometheus.NewRegistry()),
		BaseURL: "http://portal.example", Contact: testContact}
}

func render(t *testing.T, f fixture, lang portal.Language) *goquery.Document {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, f.page(exhibit(testCommon(time.Now), lang)).Render(context.Background(), &b))
	doc, err := goquery.NewDocumentFromReader(&b)
	require.NoError(t, err)
	return doc
}
