package works

// LayForTest lays a report over a request, as Feed does beside the asset itself,
// and tells whether no rule stands against it.
func (told Report) LayForTest(r *Request) (e Event, ok bool) {
	e, err := told.lay(r, "2026", "")
	if r.AssetAt.IsZero() && r.Status.from(Done) {
		r.AssetAt = told.AssetAt
	}
	return e, err == nil && len(told.holds(*r, e != "")) == 0
}
