package chronopay_test

import (
	"crypto/md5"
	"encoding/hex"
	"net/url"
	"slices"
	"testing"
	"time"
)

// BenchmarkReceive compares verify-and-parse with what it cannot do without: parsing the form and one MD5. Both run
// interleaved in one run; the reported ratio is the median of the rounds, and the budget is 2.
func BenchmarkReceive(b *testing.B) {
	g := open(b)
	in := posted(genuine(b, g, order()))
	whole := func() {
		if _, err := g.Receive(in); err != nil {
			b.Fatal(err)
		}
	}
	least := func() {
		form, err := url.ParseQuery(string(in.Body))
		if err != nil {
			b.Fatal(err)
		}
		sum := md5.Sum([]byte(sec + form.Get("customer_id") + form.Get("transaction_id") + form.Get("transaction_type") + form.Get("total")))
		if hex.EncodeToString(sum[:]) != form.Get("sign") {
			b.Fatal("sign")
		}
	}
	const rounds, calls = 15, 2000
	var ratios, wholes, leasts []float64
	for range rounds {
		w, l := perCall(calls, whole), perCall(calls, least)
		wholes, leasts, ratios = append(wholes, w), append(leasts, l), append(ratios, w/l)
	}
	for b.Loop() {
		whole()
	}
	b.ReportMetric(median(ratios), "×form+md5")
	b.ReportMetric(median(wholes), "receive-ns")
	b.ReportMetric(median(leasts), "form+md5-ns")
}

func perCall(n int, f func()) float64 {
	begun := time.Now()
	for range n {
		f()
	}
	return float64(time.Since(begun).Nanoseconds()) / float64(n)
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
