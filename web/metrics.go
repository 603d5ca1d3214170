package web

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts requests by surface, route pattern and status; one of them
// serves all listeners. No label holds anything typed (G12).
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

// NewMetrics registers the metrics of the web.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "guichet_http_requests_total", Help: "Requests answered.",
		}, []string{"surface", "method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "guichet_http_request_seconds", Help: "Time to answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"surface", "route"}),
	}
	r.MustRegister(m.requests, m.duration)
	return m
}

// Observe counts a request that another handler answered.
func (m *Metrics) Observe(surface, verb, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(surface, method(verb), route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(surface, route).Observe(took.Seconds())
}
