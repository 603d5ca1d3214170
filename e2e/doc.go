// Package e2e proves the whole program from outside: it builds guichet, runs
// it beside a real Redis and a real PostgreSQL, and meets it as visitors,
// attackers, agents, operators and browsers do. It imports none of the
// project's own rooms, so nothing is proved by the code under test.
//
// Numbers like T9 are those of the threats the test answers. Tests here fail
// where a service is missing; they never pass by leaving something out.
package e2e
