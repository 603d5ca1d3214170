// Package web is the portal as people and browsers meet it: one table of
// routes for each listener (public, desk, administration), each route with a
// policy, one adapter that answers every error, and pages that are rendered
// into a buffer before a byte of them leaves.
//
// It protects what HTTP could give away: no secret in an address, a log line
// or a metric; nothing kept by a browser but hashed assets; no change from
// another site's page; the same bytes for every failure at the gate (G5, G12).
// It decides nothing about data: the rooms do, and every page of a visit
// starts from the pass re-read from SQL (T24).
package web
