// SPDX-License-Identifier: MPL-2.0

package quota

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Answer is what a client is told of its limit.
type Answer struct {
	Allowed bool
	// Limit, Remaining and Reset: there are Remaining of Limit requests until Reset is over;
	// Limit is 0 for none, and while the client is blocked.
	Limit, Remaining uint64
	Reset            time.Duration
	// Retry is after what time one that is not allowed may be sent again.
	Retry time.Duration
	// Shown: the client is told.
	Shown bool
}

// SetHeaders tells the client. Servers round the time that is left down, when some of it has
// passed already.
func (a Answer) SetHeaders(h http.Header) {
	if !a.Shown {
		return
	}
	seconds := func(d time.Duration) string { return strconv.Itoa(int((d - 1).Seconds())) }
	if !a.Allowed {
		h.Set("Retry-After", seconds(a.Retry))
	}
	if a.Limit > 0 {
		reset := seconds(a.Reset)
		h.Set("X-Ratelimit-Limit", strconv.FormatUint(a.Limit, 10))
		h.Set("X-Ratelimit-Remaining", strconv.FormatUint(a.Remaining, 10))
		h.Set("X-Ratelimit-Reset", reset)
	}
}

// limit is a rule with what clients have sent.
type limit struct {
	rule    Rule
	clients map[string]*count
}

// count is what a client has left of the interval with that number, counted from since.
type count struct {
	since    time.Time
	interval int64
	left     uint64
	blocked  time.Time
}

func newLimit(r Rule) *limit { return &limit{rule: r, clients: map[string]*count{}} }

// take counts a request of a client. Each client's intervals begin with its first request,
// as in the library that servers use (sethvargo/go-limiter, memorystore).
func (l *limit) take(client string, now time.Time) Answer {
	all := max(1, uint64(math.Round(l.rule.Rate)))
	c, known := l.clients[client]
	if !known {
		c = &count{since: now, left: all}
		l.clients[client] = c
	}
	if !c.blocked.IsZero() {
		if left := c.blocked.Add(l.rule.Block).Sub(now); left > 0 {
			return Answer{Retry: left}
		}
		c.blocked = time.Time{}
	}
	interval := int64(now.Sub(c.since) / l.rule.Interval)
	if interval != c.interval {
		c.interval, c.left = interval, all
	}
	answer := Answer{Limit: all, Reset: c.since.Add(time.Duration(interval+1) * l.rule.Interval).Sub(now)}
	if c.left > 0 {
		c.left--
		answer.Allowed, answer.Remaining = true, c.left
		return answer
	}
	answer.Retry = answer.Reset
	if l.rule.Block > 0 {
		c.blocked = now
		answer.Retry = l.rule.Block
	}
	return answer
}
