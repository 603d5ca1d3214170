package audit_test

import (
	"testing"

	"guichet/portal/store/storetest"
)

// The sealer shares SQLite's one writer: what it costs an entry must stay far
// below what appending it costs.
func BenchmarkSealAndVerify(b *testing.B) {
	const entries = 20_000
	for _, backend := range storetest.Backends(b) {
		b.Run(backend.Name+"/append", func(b *testing.B) {
			tr := newTrail(b, backend)
			for b.Loop() {
				tr.add(entries)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
		})
		b.Run(backend.Name+"/seal", func(b *testing.B) {
			tr := newTrail(b, backend)
			for b.Loop() {
				b.StopTimer()
				tr.add(entries)
				b.StartTimer()
				tr.seal()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
		})
		b.Run(backend.Name+"/verify", func(b *testing.B) {
			tr := newTrail(b, backend)
			tr.add(entries)
			tr.seal()
			for b.Loop() {
				tr.verify(true)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*entries), "ns/entry")
		})
	}
}
