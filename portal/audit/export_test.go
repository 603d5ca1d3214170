package audit

// Rounds has the sealer take at most so many entries under one head, so that
// the tests know where the heads are.
func (s *Sealer) Rounds(most int) *Sealer {
	s.most = most
	return s
}
