// Package audit protects the trail: who did what, when and on what ground.
// Entries are appended in the transaction they describe; one sealer puts them
// into a Merkle log and signs its heads, also where the web process cannot
// rewrite them; Verify finds any row that was changed, removed, inserted or
// swapped, and names it. Personal data stay outside the tree behind salted
// commitments, so that an erasure leaves the tree whole (L18, L19, T8).
package audit
