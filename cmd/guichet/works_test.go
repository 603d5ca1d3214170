package main

import (
	"strings"
	"testing"

	"guichet/works/sheet"

	"github.com/stretchr/testify/require"
)

// D13 by command: the works system's file is taken once, however often it comes;
// each wrong line is named with its reason, and a column with no place for it is
// refused and in the trail (W13); where the portal leads, nothing is taken.
func TestD13WorksByCommand(t *testing.T) {
	dir, must := settled(t)
	require.Equal(t, sheet.Example(), must("import", "works", "--example").out)
	require.Contains(t, must("import", "works", "--help").out, "external_id")
	require.Equal(t, 2, guichet(t, dir, nil, "", "import", "works").status)
	file := written(t, dir, "phases.csv", sheet.Example())
	refused := guichet(t, dir, nil, "", "import", "works", file)
	require.Equal(t, 1, refused.status)
	require.Contains(t, refused.err, "WORKS_MASTER=portal")
	require.Equal(t, 2, guichet(t, dir, map[string]string{"GUICHET_WORKS_MASTER": "sap"}, "", "config").status)

	system := func(args ...string) told {
		return guichet(t, dir, map[string]string{"GUICHET_WORKS_MASTER": "external"}, "", append([]string{"import", "works"}, args...)...)
	}
	bad := system(written(t, dir, "bad.csv", sheet.Example()+"OT-9;planned;2026-03-13;;;2026-03-24;;;;;;;;;;;;;;;;;;;;;;\nOT-2026-00117;asleep;2026-03-13 11:00;;;;;;;;;;;12,345;;;;;;;;;;;;;;\n"))
	require.Equal(t, 1, bad.status)
	for _, reason := range []string{"line 6, since: not a date with its time", "line 6, half: day and half", "line 7"} {
		require.Contains(t, bad.err, reason)
	}
	sick := system(written(t, dir, "sick.csv", strings.Replace(sheet.Example(), ";reason;", ";birth_date;", 1)))
	require.Contains(t, sick.err, "birth_date: unknown column")
	require.Contains(t, system("--dry-run", file).out, "1 new       3 moved")
	require.Contains(t, system("--json", file).out, `"new":1,"moved":3`)
	require.Contains(t, system(file).out, "1 unchanged; 3 older")
	mapped := written(t, dir, "sap.csv", "Auftrag,Stand,Seit,Bemerkung\nOT-2026-00117,working,2026-03-24T08:05:00+01:00,x\n")
	require.Contains(t, system("--map", "Auftrag=external_id,Stand=status,Seit=since,Bemerkung=-", mapped).out, "1 moved")
	lost := system(written(t, dir, "lost.csv", "external_id;status;since\nOT-8;studied;2026-03-24 09:00\n"))
	require.Contains(t, lost.err, "line 2, external_id: There is no such request here.")
	require.Contains(t, must("audit", "verify").out, "entries")
}
