package httptransport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"

	"github.com/oplata-go/oplata/adapters/httptransport"
	"github.com/oplata-go/oplata/connector"
)

// A status query is signed and sent until the gateway answers; a payment whose answer is lost is sent once.
func Example() {
	sent := map[string]int{}
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent[r.URL.Path]++
		if r.URL.Path == "/pay" || r.Header.Get("X-Try") == "1" {
			panic(http.ErrAbortHandler) // the connection breaks after the work is done
		}
		w.Write([]byte("paid"))
	}))
	defer gateway.Close()

	transport, err := httptransport.New(httptransport.Config{
		Networks: []httptransport.Network{{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Plain: true}},
		MinPause: 1, // no waiting in an example
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()

	call := connector.Request{
		Connector: "acme",
		Method:    http.MethodPost,
		Sign: func(r *connector.Request, s connector.Stamp) error {
			r.Header.Set("X-Try", fmt.Sprint(s.Try))
			return nil
		},
	}
	pay, status := call, call
	pay.Name, pay.URL = "pay", gateway.URL+"/pay"
	status.Name, status.URL, status.Repeatable = "status", gateway.URL+"/status", true

	_, err = transport.Do(context.Background(), pay)
	fmt.Println(err, connector.SafeToRetry(err))
	answer, err := transport.Do(context.Background(), status)
	fmt.Println(string(answer.Body), err)
	fmt.Println(sent)
	// Output:
	// connector: acme: pay: outcome unknown: httptransport: connection closed before the answer was complete false
	// paid <nil>
	// map[/pay:1 /status:2]
}

// A connector's address comes from an operator, who may err or lie.
func Example_addresses() {
	transport, err := httptransport.New(httptransport.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer transport.Close()

	_, err = transport.Do(context.Background(), connector.Request{
		Connector: "acme", Name: "pay", Method: http.MethodPost, URL: "http://169.254.169.254/latest/meta-data/",
	})
	fmt.Println(errors.Is(err, httptransport.ErrAddress), connector.SafeToRetry(err))
	// Output: true true
}
