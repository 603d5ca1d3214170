#!/usr/bin/env bash
# Prints the figures of the program against its references, each measured in
# the same run. --help tells what can be chosen.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

case ${1:-} in
  -h | --help)
    cat <<'TEXT'
Usage: e2e/bench.sh [timing | volumes | import [ROWS] | lighthouse] [options of guichet bench]

Builds guichet and runs its own measure: the guarded lookup against the raw
joined upsert, naive commits and an unguarded POST; the history page against a
bare answer of its bytes, the captcha's picture against the library's; the pages of
works among 500,000 requests against those among 5,000 (alone: --works); start and
memory. Only the ratios within one run mean anything.

  timing      2,000 interleaved refusals of each cause: whether their time tells
              the cause (T7); a planted delay must be found
  volumes     gate, history, start and memory among 20,000, 200,000 and 2,000,000
              access points: 2 GB of disk and ten minutes
  import      a file of quarter-hours (1,000,000 rows) on SQLite against
              sqlite3's .import of the same file, median of 5 rounds
  lighthouse  Lighthouse 12 on home, gate and history of a demo: needs
              Chromium, redis-server and the Node tools of e2e/test.sh
TEXT
    exit 0
    ;;
esac

out=$(mktemp -d)
running=()
end() {
  for pid in "${running[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  rm -rf "$out"
}
trap end EXIT
go build -o "$out/guichet" ./cmd/guichet
echo "$(go env GOVERSION), $(nproc) cores, $(uname -sm)"

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || { echo "e2e/bench.sh: $program is missing; e2e/test.sh installs it" >&2; exit 1; }
  done
}

# own_settings keeps the caller's settings out and all files in $out.
own_settings() {
  local name
  for name in $(compgen -e GUICHET_); do unset "$name"; done
  export GUICHET_KEYS="$out/keys" GUICHET_TRAIL_HEADS="file:$out/trail-heads.log" GUICHET_OUTBOX="$out/outbox"
}

# readings ROWS: writes register.csv and readings.csv for access points whose
# power demands quarter-hours: winters without a change of the clock, 120 days
# of 96 values each.
readings() {
  TZ=UTC awk -v rows="$1" -v dir="$out" 'BEGIN {
    year = strftime("%Y") - 1
    points = int(rows / (120 * 96)); if (points < 1) points = 1
    print "ean;energy;street;postcode;town;power_kva;meter;meter_from" > (dir "/register.csv")
    print "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;Validation status;Description" > (dir "/readings.csv")
    start = mktime((year - 1) " 11 01 00 00 00")
    for (d = 0; d <= 120; d++) day[d] = strftime("%d/%m/%Y", start + d * 86400)
    for (q = 0; q <= 96; q++) clock[q] = sprintf("%02d:%02d:00", int(q % 96 / 4), q % 4 * 15)
    srand(1)
    for (p = 0; p < points; p++) {
      ean = sprintf("541449%011d", p)
      sum = 0
      for (i = 1; i <= 17; i++) sum += substr(ean, i, 1) * (i % 2 ? 3 : 1)
      ean = ean (10 - sum % 10) % 10
      meter = sprintf("1SAG%010d", 1100000000 + p)
      print ean ";electricity;Rue Haute 1;5000;Namur;100;" meter ";2019-01-01" > (dir "/register.csv")
      for (d = 0; d < 120; d++) for (q = 0; q < 96; q++) {
        band = q >= 28 && q < 88 ? "Offtake Day" : "Offtake Night"
        value = sprintf("%d,%03d", rand() * 4, rand() * 1000)
        print day[d] ";" clock[q] ";" (q == 95 ? day[d + 1] : day[d]) ";" clock[q + 1] ";=\"" ean "\";" meter ";Digital meter;" band ";" value ";kWh;Read;" > (dir "/readings.csv")
      }
    }
  }'
}

# seconds COMMAND...: how long it takes.
seconds() {
  local began=$EPOCHREALTIME
  "$@" >"$out/said" 2>&1 || { cat "$out/said" >&2; return 1; }
  awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f\n", b - a }'
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

bench_import() {
  need sqlite3
  own_settings
  readings "${1:-1000000}"
  local rows
  rows=$(($(wc -l <"$out/readings.csv") - 1))
  export GUICHET_DATABASE="sqlite:$out/empty.db"
  "$out/guichet" migrate --new-keys >/dev/null
  "$out/guichet" import registry "$out/register.csv" >/dev/null
  sqlite3 "$out/empty.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
  for round in 1 2 3 4 5; do
    cp "$out/empty.db" "$out/ours-$round.db"
    GUICHET_DATABASE="sqlite:$out/ours-$round.db" seconds "$out/guichet" import readings "$out/readings.csv" >>"$out/ours"
    seconds sqlite3 "$out/theirs-$round.db" \
      'CREATE TABLE readings (from_date TEXT, from_time TEXT, until_date TEXT, until_time TEXT, ean TEXT, meter TEXT, meter_type TEXT, register TEXT, volume TEXT, unit TEXT, status TEXT, description TEXT)' \
      '.mode csv' '.separator ;' ".import --skip 1 $out/readings.csv readings" >>"$out/theirs"
  done
  GUICHET_DATABASE="sqlite:$out/ours-5.db" "$out/guichet" audit verify >/dev/null
  sqlite3 "$out/ours-5.db" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
  awk -v rows="$rows" -v ours="$(median <"$out/ours")" -v theirs="$(median <"$out/theirs")" \
    -v kept="$(stat -c %s "$out/ours-5.db")" -v plain="$(stat -c %s "$out/theirs-5.db")" -v empty="$(stat -c %s "$out/empty.db")" 'BEGIN {
    printf "%d rows, median of 5 rounds\n", rows
    printf "  guichet import readings  %10.0f rows/s   %6.1f MB on disk\n", rows / ours, (kept - empty) / 1048576
    printf "  sqlite3 .import          %10.0f rows/s   %6.1f MB on disk\n", rows / theirs, plain / 1048576
    printf "%-66s %8.2f   goal >= 1.20   %s\n", "import of readings on SQLite / sqlite3 .import", theirs / ours, (theirs / ours >= 1.2 ? "met" : "NOT MET")
  }'
}

free_ports() { # a line each
  node -e 'const all = Array.from({ length: process.argv[1] }, () => require("net").createServer().listen(0, "127.0.0.1"));
    setImmediate(() => all.forEach((s) => { console.log(s.address().port); s.close(); }));' "$1"
}

bench_lighthouse() {
  need node redis-server
  command -v chromium-headless-shell >/dev/null || need chromium
  [ -d e2e/node_modules/lighthouse ] || { echo "e2e/bench.sh: Lighthouse is missing; e2e/test.sh installs it" >&2; exit 1; }
  own_settings
  local port
  mapfile -t port < <(free_ports 5)
  redis-server --port "${port[0]}" --bind 127.0.0.1 --save '' --appendonly no --dir "$out" >/dev/null &
  running+=($!)
  GUICHET_REDIS="redis://127.0.0.1:${port[0]}/0" GUICHET_DATABASE="sqlite:$out/guichet.db" \
    GUICHET_LISTEN="127.0.0.1:${port[1]}" GUICHET_DESK_LISTEN="127.0.0.1:${port[2]}" GUICHET_ADMIN_LISTEN="127.0.0.1:${port[3]}" \
    "$out/guichet" demo --json --dir "$out" >"$out/demo.json" 2>"$out/demo.log" &
  running+=($!)
  until [ -s "$out/demo.json" ]; do
    kill -0 "${running[-1]}" 2>/dev/null || { cat "$out/demo.log" >&2; exit 1; }
    read -rt 0.1 <> <(:) || true
  done
  node e2e/browser/lighthouse.mjs "$out/demo.json" "redis://127.0.0.1:${port[0]}/0" "${port[4]}"
}

case ${1:-} in
  import) shift; bench_import "$@" ;;
  lighthouse) bench_lighthouse ;;
  volumes) shift; cd "$out"; ./guichet bench --points 20000,200000,2000000 "$@" ;;
  timing) shift; cd "$out"; ./guichet bench --timing "$@" ;;
  *) cd "$out"; ./guichet bench "$@" ;;
esac
