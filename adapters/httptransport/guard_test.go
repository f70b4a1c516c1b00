package httptransport

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector"
)

// errStop keeps a test's connection from leaving the machine when the guard has let it through.
var errStop = errors.New("stopped by the test")

// dials records what would have been connected, and connects nothing.
type dials struct {
	mu sync.Mutex
	to []string
}

func (d *dials) stop(address string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.to = append(d.to, address)
	return errStop
}

// resolver answers from names, and never asks the network.
func resolver(t *testing.T, names map[string]string) *net.Resolver {
	t.Helper()
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			for answerDNS(server, names) == nil {
			}
		}()
		return client, nil
	}}
}

// answerDNS answers one question as DNS over TCP: the question again, and an address if names has one of its type.
func answerDNS(conn io.ReadWriter, names map[string]string) error {
	var size [2]byte
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return err
	}
	query := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, query); err != nil {
		return err
	}
	const header = 12
	var labels []string
	end := header
	for ; query[end] != 0; end += int(query[end]) + 1 {
		labels = append(labels, string(query[end+1:end+1+int(query[end])]))
	}
	end += 5 // the root, type and class
	const typeA, typeAAAA = 1, 28
	asked := binary.BigEndian.Uint16(query[end-4:])

	answer := slices.Clone(query[:end])
	binary.BigEndian.PutUint16(answer[2:], 0x8180) // an answer; recursion wanted and had
	clear(answer[6:header])
	address, known := names[strings.ToLower(strings.Join(labels, "."))]
	if !known {
		answer[3] |= 3 // no such name
	}
	if ip, err := netip.ParseAddr(address); err == nil && (ip.Is4() && asked == typeA || ip.Is6() && asked == typeAAAA) {
		answer[7] = 1
		answer = append(answer, 0xc0, header)
		answer = append(answer, query[end-4:end]...)
		answer = append(answer, 0, 0, 0, 0)
		answer = binary.BigEndian.AppendUint16(answer, uint16(ip.BitLen()/8))
		answer = append(answer, ip.AsSlice()...)
	}
	_, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
	return err
}

// unsafe are addresses that no connector may reach unless the operator says so.
var unsafe = []string{
	"0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.16.0.1", "192.0.0.192",
	"192.0.2.1", "192.168.1.1", "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
	"168.63.129.16",
	"::", "::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
	"64:ff9b:1::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001:db8::1", "100::1", "fc00::1", "fd00:ec2::254", "fe80::1",
	"fec0::1", "ff02::1", "3fff::1",
}

var public = []string{"8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450:4001:81b::200e"}

func TestTheGuardKnowsUnsafeAddresses(t *testing.T) {
	c, err := Config{}.complete()
	require.NoError(t, err)
	g := newGuard("acme", c)
	check := func(address, port string, plain bool) error {
		network := "tcp4"
		if strings.Contains(address, ":") {
			network = "tcp6"
		}
		return g.control(network, net.JoinHostPort(address, port), nil, plain)
	}
	for _, address := range unsafe {
		require.ErrorIs(t, check(address, "443", false), ErrAddress, address)
		require.ErrorIs(t, check(address, "80", true), ErrAddress, address)
	}
	require.ErrorIs(t, check("fe80::1%eth0", "443", false), ErrAddress)
	require.ErrorIs(t, check("::ffff:8.8.8.8", "443", false), ErrAddress)
	for _, address := range public {
		require.NoError(t, check(address, "443", false), address)
		require.ErrorIs(t, check(address, "80", true), ErrAddress, "http to %s", address)
		for _, port := range []string{"0", "22", "25", "6379", "8443"} {
			require.ErrorIs(t, check(address, port, false), ErrAddress, port)
		}
	}
	require.ErrorIs(t, g.control("tcp4", "not an address", nil, false), ErrAddress)
	require.ErrorIs(t, g.control("udp4", "8.8.8.8:443", nil, false), ErrAddress)
}

// Through the whole transport: literals and names that resolve to the addresses, the metadata services among them.
func TestNothingUnsafeIsDialed(t *testing.T) {
	names := map[string]string{"metadata.google.internal": "169.254.169.254", "instance-data.ec2.internal": "169.254.169.254"}
	hosts := []string{"metadata.google.internal.", "INSTANCE-DATA.ec2.internal.", "2130706433", "0x7f000001", "127.1", "017700000001", "localhost", "localhost."}
	for i, address := range unsafe {
		host := address
		if strings.Contains(address, ":") {
			host = "[" + address + "]"
		}
		name := "evil" + string(rune('a'+i/26)) + string(rune('a'+i%26)) + ".test"
		names[name] = address
		hosts = append(hosts, host, name+".")
	}
	transport := open(t, Config{Resolver: resolver(t, names), Rate: 1e6, Burst: 1e6})
	var dialed dials
	watchDials(transport, dialed.stop)
	for _, host := range hosts {
		for _, scheme := range []string{"http://", "https://"} {
			tries := 0
			r := payment(scheme + host + "/latest/meta-data/")
			r.Sign = func(*connector.Request, connector.Stamp) error {
				tries++
				return nil
			}
			_, err := transport.Do(t.Context(), r)
			require.Equal(t, connector.NotSent, sentOf(t, err), host)
			err = get(transport.Client("acme"), r.URL)
			require.Equal(t, connector.NotSent, sentOf(t, err), host)
		}
	}
	require.Empty(t, dialed.to)
}

func TestPublicAddressesAreDialed(t *testing.T) {
	names := map[string]string{"pay.test": "8.8.8.8"}
	transport := open(t, Config{Resolver: resolver(t, names), Tries: 1})
	var dialed dials
	watchDials(transport, dialed.stop)
	for _, url := range []string{"https://pay.test./", "https://8.8.4.4/", "https://pay.test.:80/"} {
		_, err := transport.Do(t.Context(), payment(url))
		require.ErrorIs(t, err, errStop)
	}
	require.Equal(t, []string{"8.8.8.8:443", "8.8.4.4:443", "8.8.8.8:80"}, dialed.to)
}

// A name that is good when somebody looks and bad when the connection is made.
func TestANameThatChangesIsJudgedWhenItIsDialed(t *testing.T) {
	names := map[string]string{"rebind.test": "8.8.8.8"}
	transport := open(t, Config{Resolver: resolver(t, names), Tries: 1})
	var dialed dials
	watchDials(transport, dialed.stop)
	_, err := transport.Do(t.Context(), payment("https://rebind.test./"))
	require.ErrorIs(t, err, errStop)

	names["rebind.test"] = "169.254.169.254"
	_, err = transport.Do(t.Context(), payment("https://rebind.test./"))
	require.ErrorIs(t, err, ErrAddress)
	require.Len(t, dialed.to, 1)
}

func TestNetworksOpenWhatTheOperatorTrusts(t *testing.T) {
	transport := open(t, Config{
		Tries: 1,
		Ports: []uint16{443, 8443},
		Networks: []Network{
			{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Ports: []uint16{9000}},
			{Prefix: netip.MustParsePrefix("10.5.0.0/16"), Plain: true, Connectors: []string{"acme"}},
			{Prefix: netip.MustParsePrefix("127.0.0.0/8"), Connectors: []string{}},
		},
	})
	var dialed dials
	watchDials(transport, dialed.stop)
	for _, c := range []struct {
		by, url string
		open    bool
	}{
		{"acme", "https://10.1.1.1:9000", true},
		{"acme", "https://10.1.1.1", false},
		{"acme", "http://10.1.1.1:9000", false},
		{"acme", "http://10.5.1.1:1234", true},
		{"acme", "https://10.5.1.1", true},
		{"acme", "https://[::ffff:10.5.1.1]", true}, // dialed as IPv4, and judged so
		{"other", "http://10.5.1.1:9000", false},
		{"other", "https://10.5.1.1:9000", true},
		{"acme", "https://127.0.0.1", false},
		{"acme", "https://8.8.8.8:8443", true},
		{"acme", "https://8.8.8.8:80", false},
	} {
		r := payment(c.url)
		r.Connector = c.by
		_, err := transport.Do(t.Context(), r)
		require.Equal(t, c.open, errors.Is(err, errStop), "%s %s: %v", c.by, c.url, err)
		require.Equal(t, !c.open, errors.Is(err, ErrAddress), "%s %s: %v", c.by, c.url, err)
	}
}

func TestTheProxyOfTheEnvironmentIsNotUsed(t *testing.T) {
	for _, way := range []http.RoundTripper{newLane(Config{}, nil).kept, newLane(Config{}, nil).fresh} {
		transport, ok := way.(*http.Transport)
		require.True(t, ok)
		require.Nil(t, transport.Proxy)
	}
}
