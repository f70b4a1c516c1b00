package secret_test

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/oplata-go/oplata/connector/secret"
)

func key(t *testing.T, id string) secret.Key {
	t.Helper()
	k, err := secret.GenerateKey(id)
	require.NoError(t, err)
	return k
}

func ring(t *testing.T, keys ...secret.Key) *secret.Ring {
	t.Helper()
	r, err := secret.NewRing(keys...)
	require.NoError(t, err)
	return r
}

func TestSealedRecordOpensInItsPlaceOnly(t *testing.T) {
	ctx := t.Context()
	s := secret.NewSealer(ring(t, key(t, "k1")))
	sealed, err := s.Seal(ctx, []byte("plain"), "a", "bc")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(sealed, "v1.k1."))
	require.NotContains(t, sealed, "plain")

	plain, err := s.Open(ctx, sealed, "a", "bc")
	require.NoError(t, err)
	require.Equal(t, "plain", string(plain))

	for _, elsewhere := range [][]string{nil, {"a"}, {"bc", "a"}, {"ab", "c"}, {"abc"}, {"a", "bc", ""}, {"", "a", "bc"}, {"a", "b", "c"}} {
		_, err := s.Open(ctx, sealed, elsewhere...)
		require.ErrorIs(t, err, secret.ErrOpen, "%q", elsewhere)
	}

	again, err := s.Seal(ctx, []byte("plain"), "a", "bc")
	require.NoError(t, err)
	require.NotEqual(t, sealed, again)

	empty, err := s.Seal(ctx, nil)
	require.NoError(t, err)
	plain, err = s.Open(ctx, empty)
	require.NoError(t, err)
	require.Empty(t, plain)
}

// TestEveryAlteredCharacterIsNoticed changes a record at each place; no change may open, and none may panic.
func TestEveryAlteredCharacterIsNoticed(t *testing.T) {
	ctx := t.Context()
	s := secret.NewSealer(ring(t, key(t, "k1"), key(t, "k2")))
	sealed, err := s.Seal(ctx, []byte("plain"), "a")
	require.NoError(t, err)
	for i := range len(sealed) {
		for _, c := range []string{"", "A", "Q", "2", ".", "\n", "=", "é"} {
			altered := sealed[:i] + c + sealed[i+1:]
			if altered == sealed {
				continue
			}
			_, err := s.Open(ctx, altered, "a")
			require.Error(t, err, "%q", altered)
			_, err = s.Open(ctx, sealed[:i]+c+sealed[i:], "a")
			if c != "" {
				require.Error(t, err, "inserted %q at %d", c, i)
			}
		}
		_, err := s.Open(ctx, sealed[:i], "a")
		require.Error(t, err, "cut at %d", i)
	}
}

func TestForeignTextsAreNoRecords(t *testing.T) {
	ctx := t.Context()
	s := secret.NewSealer(ring(t, key(t, "k1")))
	for _, text := range []string{"", "v1", "sk_live_1", "v2.k1.AAAAAAAAAAAAAAAAAAAAAA.AAAA", "v1.k/1.AAAAAAAAAAAAAAAAAAAAAA.AAAA", "v1.k1.AAAA.AAAA", "v1.k1.AAAAAAAAAAAAAAAAAAAAAA.A"} {
		_, err := s.Open(ctx, text)
		require.ErrorIs(t, err, secret.ErrFormat, "%q", text)
		_, err = secret.KeyID(text)
		require.ErrorIs(t, err, secret.ErrFormat, "%q", text)
		_, _, err = s.Rewrap(ctx, text)
		require.ErrorIs(t, err, secret.ErrFormat, "%q", text)
	}
	_, err := s.Open(ctx, "v1.k9.AAAAAAAAAAAAAAAAAAAAAA.AAAA")
	require.ErrorIs(t, err, secret.ErrNoKey)
	_, err = s.Open(ctx, "v1.k1.AAAAAAAAAAAAAAAAAAAAAA.")
	require.ErrorIs(t, err, secret.ErrOpen)
}

func TestRotation(t *testing.T) {
	ctx := t.Context()
	k1, k2 := key(t, "k1"), key(t, "k2")
	before, during, after := secret.NewSealer(ring(t, k1)), secret.NewSealer(ring(t, k2, k1)), secret.NewSealer(ring(t, k2))

	old, err := before.Seal(ctx, []byte("plain"), "a")
	require.NoError(t, err)

	fresh, changed, err := during.Rewrap(ctx, old, "a")
	require.NoError(t, err)
	require.True(t, changed)
	id, err := secret.KeyID(fresh)
	require.NoError(t, err)
	require.Equal(t, "k2", id)

	same, changed, err := during.Rewrap(ctx, fresh, "a")
	require.NoError(t, err)
	require.False(t, changed)
	require.Equal(t, fresh, same)

	plain, err := after.Open(ctx, fresh, "a")
	require.NoError(t, err)
	require.Equal(t, "plain", string(plain))
	_, err = after.Open(ctx, old, "a")
	require.ErrorIs(t, err, secret.ErrNoKey)

	_, changed, err = during.Rewrap(ctx, old, "b")
	require.ErrorIs(t, err, secret.ErrOpen, "a record is never sealed into a place it does not belong to")
	require.False(t, changed)
}

func TestCanaryTellsAWrongRing(t *testing.T) {
	ctx := t.Context()
	k1 := key(t, "k1")
	canary, err := secret.NewCanary(ctx, ring(t, k1))
	require.NoError(t, err)

	require.NoError(t, secret.Check(ctx, ring(t, key(t, "k2"), k1), canary))
	require.ErrorIs(t, secret.Check(ctx, ring(t, key(t, "k2")), canary), secret.ErrNoKey)
	require.ErrorIs(t, secret.Check(ctx, ring(t, key(t, "k1")), canary), secret.ErrOpen)
	require.ErrorIs(t, secret.Check(ctx, ring(t, k1), "canary"), secret.ErrFormat)
}

func TestRingSources(t *testing.T) {
	ctx := t.Context()
	k1, k2 := key(t, "k1"), key(t, "k2")

	t.Setenv("OPLATA_KEYS", k2.Export()+","+k1.Export())
	fromEnv, err := secret.RingFromEnv("OPLATA_KEYS")
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, []byte("# rotated in May\r\n"+k2.Export()+"\r\n\r\n  # old:"+k1.Export()+"\n"+k1.Export()+"\n"), 0o600))
	fromFile, err := secret.RingFromFile(path)
	require.NoError(t, err)

	for _, r := range []*secret.Ring{fromEnv, fromFile} {
		current, err := r.Current(ctx)
		require.NoError(t, err)
		require.Equal(t, k2.Export(), current.Export(), "the first key writes")
		old, err := r.Key(ctx, "k1")
		require.NoError(t, err)
		require.Equal(t, k1.Export(), old.Export())
		_, err = r.Key(ctx, "k3")
		require.ErrorIs(t, err, secret.ErrNoKey)
	}

	_, err = secret.RingFromEnv("OPLATA_NO_SUCH_KEYS")
	require.ErrorContains(t, err, "OPLATA_NO_SUCH_KEYS")
	_, err = secret.RingFromFile(filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte(k2.Export()+"\n"+strings.Repeat("#", 64<<10)), 0o600))
	_, err = secret.RingFromFile(path)
	require.ErrorContains(t, err, "larger")
}

func TestKeysAreRefusedUnlessWhole(t *testing.T) {
	master := make([]byte, secret.KeySize)
	for _, id := range []string{"", "a.b", "a:b", "ключ", "a b", strings.Repeat("a", 33)} {
		_, err := secret.NewKey(id, master)
		require.Error(t, err, "%q", id)
	}
	for _, size := range []int{0, 16, 31, 33} {
		_, err := secret.NewKey("k", make([]byte, size))
		require.Error(t, err, size)
	}
	_, err := secret.NewRing(secret.Key{ID: "k1"})
	require.Error(t, err)

	k, err := secret.NewKey("k", master)
	require.NoError(t, err)
	before := k.Export()
	master[0] = 1
	require.Equal(t, before, k.Export(), "a key keeps its own copy")

	a, b := key(t, "k"), key(t, "k")
	require.NotEqual(t, a.Export(), b.Export())
}

// zeroKeys is a provider with a bug: no error and no key.
type zeroKeys struct{}

func (zeroKeys) Current(context.Context) (secret.Key, error)     { return secret.Key{ID: "k1"}, nil }
func (zeroKeys) Key(context.Context, string) (secret.Key, error) { return secret.Key{}, nil }

func TestNothingIsSealedWithoutAKey(t *testing.T) {
	ctx := t.Context()
	sealed, err := secret.NewSealer(ring(t, key(t, "k1"))).Seal(ctx, []byte("plain"))
	require.NoError(t, err)

	broken := secret.NewSealer(zeroKeys{})
	_, err = broken.Seal(ctx, []byte("plain"))
	require.ErrorIs(t, err, secret.ErrNoKey)
	_, err = broken.Open(ctx, sealed)
	require.ErrorIs(t, err, secret.ErrNoKey)
	require.Panics(t, func() { secret.Derive(secret.Key{ID: "k1"}, "events") })
}

func TestDerive(t *testing.T) {
	master := []byte(strings.Repeat("m", secret.KeySize))
	k, err := secret.NewKey("k", master)
	require.NoError(t, err)
	want, err := hkdf.Key(sha256.New, master, nil, "connector-derive/v1:events", 32)
	require.NoError(t, err)
	require.Equal(t, want, secret.Derive(k, "events"), "the construction is fixed: event chains outlive releases")
	require.NotEqual(t, want, secret.Derive(k, "event"))
	require.NotEqual(t, want, secret.Derive(key(t, "k"), "events"))
}

const recordV1 = "v1.k1.MPVgjx1qgYNJtoV5cOk6yA.ZbQzCMwEZXsNzK_9Kexhy3EBCwJn-lME5TzEoeAFwfZ2VeWN_w"

// TestRecordOfVersion1StillOpens holds a record written by the first version.
func TestRecordOfVersion1StillOpens(t *testing.T) {
	k, err := secret.NewKey("k1", []byte(strings.Repeat("m", secret.KeySize)))
	require.NoError(t, err)
	plain, err := secret.NewSealer(ring(t, k)).Open(t.Context(), recordV1, "reseller-7", "method-42", "/api_key")
	require.NoError(t, err)
	require.Equal(t, "sk_live_1", string(plain))
}

func FuzzOpen(f *testing.F) {
	k, err := secret.NewKey("k1", []byte(strings.Repeat("m", secret.KeySize)))
	require.NoError(f, err)
	r, err := secret.NewRing(k)
	require.NoError(f, err)
	s := secret.NewSealer(r)
	f.Add(recordV1)
	f.Add("v1.k1..")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := s.Open(t.Context(), text, "reseller-7", "method-42", "/api_key")
		require.Equal(t, text == recordV1, err == nil)
	})
}
