package metering_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"guichet/portal"
	"guichet/portal/metering"
	"guichet/portal/metering/exchange"

	"github.com/stretchr/testify/require"
)

// The real export of another operator's customer portal, where the project
// lies beside it: with the clock in 2024, 29 October 2023 has 25 hours and 100
// quarter-hours, and CSV and JSON have as many, each with its own offset (D4).
func TestTheRealAutumnDayHas25Hours(t *testing.T) {
	name := filepath.Join("..", "..", "..", "shared", "samples", "fluvius_elec_en_15min.csv")
	file, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return
	}
	require.NoError(t, err)
	p := newPlace(t, portal.Date(2024, 2, 1))
	ean := eanOf(1)
	point := p.point(t, ean, portal.Electricity, 9_200)
	stay := p.stay(t, "o", ean, portal.Date(2023, 1, 1), time.Time{}, portal.Date(2023, 10, 1))
	read, err := exchange.ReadFluvius(bytes.NewReader(file), exchange.Options{ForEAN: ean})
	require.NoError(t, err)
	_, err = p.importer().Import(ctx, read.Days, metering.ImportOptions{})
	require.NoError(t, err)
	autumn := portal.Date(2023, 10, 29)
	day, err := p.history().Series(ctx, point, stay, metering.Query{Grain: metering.ByDay, From: autumn, To: autumn.AddDate(0, 0, 1)})
	require.NoError(t, err)
	for grain, want := range map[metering.Grain]int{metering.ByHour: 25, metering.ByQuarter: 100} {
		s, err := p.history().Series(ctx, point, stay, metering.Query{Grain: grain, From: autumn, To: autumn.AddDate(0, 0, 1)})
		require.NoError(t, err)
		require.Len(t, s.Points, want)
		var sum metering.Amounts
		for _, point := range s.Points {
			for i, a := range point.Amounts {
				sum[i] += a
			}
		}
		require.Equal(t, day.Points[0].Amounts, sum, "they add up to their day, register by register")

		var sheet, program bytes.Buffer
		require.NoError(t, exchange.WriteCSV(&sheet, s, exchange.Words{}))
		for _, offset := range []string{"+02:00", "+01:00"} {
			rows := 0
			for _, row := range strings.Split(sheet.String(), "\r\n") {
				if from, _, _ := strings.Cut(row, ";"); strings.HasPrefix(from, "2023-10-29T02:") && strings.HasSuffix(from, offset) {
					rows++
				}
			}
			require.Equal(t, want/25*len(s.Registers), rows)
		}
		require.NoError(t, exchange.WriteJSON(&program, s, ""))
		var doc struct {
			Values []struct{ From string }
		}
		require.NoError(t, json.Unmarshal(program.Bytes(), &doc))
		require.Len(t, doc.Values, want)
		seen := map[string]bool{}
		for _, v := range doc.Values {
			require.False(t, seen[v.From], "%s stands twice", v.From)
			seen[v.From] = true
		}
		require.True(t, seen["2023-10-29T02:00:00+02:00"] && seen["2023-10-29T02:00:00+01:00"])
	}
}
