package httptransport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

const gateway = "https://gateway.test/orders"

func answering(status int, header http.Header) httpmock.Responder {
	return func(*http.Request) (*http.Response, error) {
		resp := httpmock.NewStringResponse(status, strconv.Itoa(status))
		maps.Copy(resp.Header, header)
		return resp, nil
	}
}

func TestWhichAnswersAreTriedAgain(t *testing.T) {
	for status, tries := range map[int]int{
		200: 1, 201: 1, 301: 1, 400: 1, 401: 1, 404: 1, 408: 1, 409: 1,
		429: 5, 500: 5, 501: 1, 502: 5, 503: 5, 504: 5, 599: 5,
	} {
		for repeatable, want := range map[bool]int{true: tries, false: 1} {
			t.Run(fmt.Sprint(status, repeatable), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mock := httpmock.NewMockTransport()
					mock.RegisterResponder(http.MethodPost, gateway, answering(status, nil))
					r := payment(gateway)
					r.Repeatable = repeatable

					answer, err := overMock(t, Config{}, mock).Do(t.Context(), r)
					require.NoError(t, err)
					require.Equal(t, status, answer.Status)
					require.Equal(t, strconv.Itoa(status), string(answer.Body))
					require.Equal(t, want, mock.GetTotalCallCount())
				})
			})
		}
	}
}

func TestOnlyRepeatableCallsAreTriedAgainWithoutAnAnswer(t *testing.T) {
	for repeatable, want := range map[bool]int{true: 5, false: 1} {
		synctest.Test(t, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			mock.RegisterResponder(http.MethodPost, gateway, httpmock.NewErrorResponder(io.EOF))
			r := payment(gateway)
			r.Repeatable = repeatable

			_, err := overMock(t, Config{}, mock).Do(t.Context(), r)
			require.Equal(t, connector.SentUnknown, sentOf(t, err))
			require.False(t, connector.SafeToRetry(err))
			require.Equal(t, want, mock.GetTotalCallCount())
		})
	}
}

func TestEveryTryIsSignedAnewOnACopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPut, gateway+"/signed", func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.EqualValues(t, len(body), r.ContentLength)
			require.Equal(t, []string{"kept"}, r.Header.Values("X-Own"))
			seen = append(seen, r.Header.Get("X-Signature")+" "+string(body))
			return httpmock.NewStringResponse(http.StatusBadGateway, ""), nil
		})
		r := status(gateway)
		r.Header = http.Header{"X-Own": {"kept"}}
		var stamps []connector.Stamp
		r.Sign = func(r *connector.Request, s connector.Stamp) error {
			stamps = append(stamps, s)
			r.Method, r.URL = http.MethodPut, r.URL+"/signed"
			r.Connector, r.Name, r.Repeatable = "another", "another", false
			r.Header.Add("X-Signature", "try "+strconv.Itoa(s.Try))
			r.Body[0] = '['
			r.Body = append(r.Body, []byte(s.Nonce)...)
			return nil
		}

		var out bytes.Buffer
		transport := overMock(t, Config{Tries: 3, Logger: slog.New(slog.NewTextHandler(&out, nil))}, mock)
		_, err := transport.Do(t.Context(), r)
		require.NoError(t, err)
		require.Equal(t, 3, strings.Count(out.String(), "connector=acme request=status"), "who calls stays as it was")

		require.Len(t, stamps, 3)
		nonces := map[string]bool{}
		for i, s := range stamps {
			require.Equal(t, i+1, s.Try)
			require.Regexp(t, `^[0-9a-f]{32}$`, s.Nonce)
			nonces[s.Nonce] = true
			require.Equal(t, fmt.Sprintf(`try %d ["amount":"1.00"}%s`, s.Try, s.Nonce), seen[i])
		}
		require.Len(t, nonces, 3)
		require.True(t, stamps[1].Time.After(stamps[0].Time))
		require.Equal(t, http.Header{"X-Own": {"kept"}}, r.Header)
		require.Equal(t, payment(gateway).Body, r.Body)
	})
}

func TestASignatureIsMadeAfterTheWaitForTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, answering(200, nil))
		transport := overMock(t, Config{Rate: 1, Burst: 1}, mock)
		var signed []time.Time
		r := payment(gateway)
		r.Sign = func(_ *connector.Request, s connector.Stamp) error {
			signed = append(signed, s.Time)
			return nil
		}
		for range 2 {
			_, err := transport.Do(t.Context(), r)
			require.NoError(t, err)
		}
		require.Equal(t, time.Second, signed[1].Sub(signed[0]))
	})
}

func TestARequestThatCannotBeSignedOrBuiltIsNotSent(t *testing.T) {
	refused := errors.New("gateway: no terminal")
	for name, change := range map[string]func(*connector.Request){
		"sign": func(r *connector.Request) {
			r.Sign = func(*connector.Request, connector.Stamp) error { return refused }
		},
		"no scheme": func(r *connector.Request) { r.URL = "gateway.test/orders" },
		"no host":   func(r *connector.Request) { r.URL = "https:///orders" },
		"gopher":    func(r *connector.Request) { r.URL = "gopher://gateway.test/orders" },
		"a file":    func(r *connector.Request) { r.URL = "file:///etc/passwd" },
		"not a URL": func(r *connector.Request) { r.URL = "https://gateway.test/%zz" },
		"method":    func(r *connector.Request) { r.Method = "GET IT" },
	} {
		t.Run(name, func(t *testing.T) {
			mock := httpmock.NewMockTransport()
			r := status(gateway)
			change(&r)
			_, err := overMock(t, Config{}, mock).Do(t.Context(), r)
			require.Equal(t, connector.NotSent, sentOf(t, err))
			require.Zero(t, mock.GetTotalCallCount())
			require.Equal(t, name == "sign", errors.Is(err, refused))
		})
	}
}

// What one try may have brought to the gateway, a later try that did not get out cannot take back.
func TestALaterUnsentTryDoesNotMakeACallUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, answering(500, nil))
		r := status(gateway)
		r.Sign = func(_ *connector.Request, s connector.Stamp) error {
			if s.Try > 1 {
				return errors.New("gateway: token expired")
			}
			return nil
		}
		_, err := overMock(t, Config{}, mock).Do(t.Context(), r)
		require.Equal(t, connector.SentUnknown, sentOf(t, err))
	})
}

func TestPausesGrowAndAreRandom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		var at []time.Time
		mock.RegisterResponder(http.MethodPost, gateway, func(*http.Request) (*http.Response, error) {
			at = append(at, time.Now())
			return nil, io.EOF
		})
		transport := overMock(t, Config{Tries: 6, MinPause: time.Second, MaxPause: 5 * time.Second}, mock)
		first := map[time.Duration]bool{}
		for range 10 {
			at = nil
			_, err := transport.Do(t.Context(), status(gateway))
			require.Error(t, err)
			require.Len(t, at, 6)
			for i, seconds := range []int{1, 2, 4, 5, 5} {
				most := time.Duration(seconds) * time.Second
				pause := at[i+1].Sub(at[i])
				require.GreaterOrEqual(t, pause, most/2)
				require.LessOrEqual(t, pause, most)
			}
			first[at[1].Sub(at[0])] = true
		}
		require.Greater(t, len(first), 5)
	})
}

func TestRetryAfterIsObeyedUpToTheCap(t *testing.T) {
	const most = 15 * time.Second
	for asked, want := range map[string]time.Duration{
		"7": 7 * time.Second, " 7 ": 7 * time.Second, "86400": most, "2147483648": most, "99999999999999999999": most, "in 7 seconds": 0,
		"0": 0, "-5": 0, "7.5": 0, "": 0, "9s": 0,
		"Sat, 01 Jan 2000 00:00:09 GMT": 9 * time.Second, // a bubble begins at 2000-01-01
		"Fri, 31 Dec 1999 23:59:59 GMT": 0,
		"Fri, 31 Dec 9999 23:59:59 GMT": most,
	} {
		for status, obeyed := range map[int]bool{429: true, 503: true, 500: false} {
			t.Run(fmt.Sprint(asked, status), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					mock := httpmock.NewMockTransport()
					mock.RegisterResponder(http.MethodPost, gateway,
						answering(status, http.Header{"Retry-After": {asked}}).Then(answering(200, nil)))
					begun := time.Now()
					transport := overMock(t, Config{}, mock)
					answer, err := transport.Do(t.Context(), connector.Request{
						Connector: "acme", Method: http.MethodPost, URL: gateway, Repeatable: true,
					})
					require.NoError(t, err)
					require.Equal(t, 200, answer.Status)
					if obeyed && want > 0 {
						require.Equal(t, want, time.Since(begun))
						return
					}
					require.LessOrEqual(t, time.Since(begun), 500*time.Millisecond)
				})
			})
		}
	}
}

func TestAStormOfRefusalsEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, answering(429, http.Header{"Retry-After": {"86400"}}))
		transport := overMock(t, Config{Tries: 1000, Timeout: time.Minute}, mock)
		begun := time.Now()
		answer, err := transport.Do(t.Context(), status(gateway))
		require.NoError(t, err)
		require.Equal(t, 429, answer.Status)
		require.Equal(t, 4, mock.GetTotalCallCount()) // at 0, 15, 30 and 45 s; the next could not be answered in time
		require.Equal(t, 45*time.Second, time.Since(begun))
	})
}

func TestNoPauseIsBegunThatTheDeadlineWouldCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, answering(503, nil))
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		begun := time.Now()
		answer, err := overMock(t, Config{}, mock).Do(ctx, status(gateway))
		require.NoError(t, err)
		require.Equal(t, 503, answer.Status)
		require.Zero(t, time.Since(begun))
	})
}

func TestACallCutOffInAPauseKeepsItsLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, answering(503, http.Header{"Retry-After": {"10"}}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		answer, err := overMock(t, Config{}, mock).Do(ctx, status(gateway))
		require.NoError(t, err)
		require.Equal(t, 503, answer.Status)
		require.Equal(t, time.Second, time.Since(begun))
		require.Equal(t, 1, mock.GetTotalCallCount())
	})
}

func TestACanceledContextSendsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	mock := httpmock.NewMockTransport()
	_, err := overMock(t, Config{}, mock).Do(ctx, payment(gateway))
	require.Equal(t, connector.NotSent, sentOf(t, err))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, mock.GetTotalCallCount())
}

func TestATryAndACallAreBoundedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		transport := overMock(t, Config{Tries: 100, TryTimeout: 10 * time.Second, Timeout: 25 * time.Second}, mock)

		begun := time.Now()
		_, err := transport.Do(t.Context(), payment(gateway))
		require.Equal(t, connector.SentUnknown, sentOf(t, err))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(begun))

		begun = time.Now()
		_, err = transport.Do(t.Context(), status(gateway))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 25*time.Second, time.Since(begun))
	})
}

func TestTheRateIsSharedByAllGoroutinesOfAConnector(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		at := map[time.Duration]int{}
		begun := time.Now()
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, func(*http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			at[time.Since(begun).Truncate(time.Second)]++
			return httpmock.NewStringResponse(http.StatusBadGateway, ""), nil
		})
		transport := overMock(t, Config{Rate: 10, Burst: 10, Tries: 3, Timeout: time.Hour}, mock)

		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				_, err := transport.Do(t.Context(), status(gateway))
				if err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()

		require.Equal(t, 300, mock.GetTotalCallCount()) // every try counts
		require.Equal(t, 29*time.Second, time.Since(begun).Round(time.Second))
		for second, tries := range at {
			require.LessOrEqual(t, tries, 20, "in the second %s", second)
		}
	})
}

func TestARateWithoutTimeLeftRefusesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := httpmock.NewMockTransport()
		mock.RegisterResponder(http.MethodPost, gateway, answering(200, nil))
		transport := overMock(t, Config{Rate: 0.001, Burst: 1}, mock)
		_, err := transport.Do(t.Context(), payment(gateway))
		require.NoError(t, err)

		begun := time.Now()
		_, err = transport.Do(t.Context(), payment(gateway))
		require.Equal(t, connector.NotSent, sentOf(t, err))
		require.ErrorIs(t, err, ErrRate)
		require.Zero(t, time.Since(begun))

		other := payment(gateway)
		other.Connector = "other"
		_, err = transport.Do(t.Context(), other)
		require.NoError(t, err, "another connector has a rate of its own")
	})
}
