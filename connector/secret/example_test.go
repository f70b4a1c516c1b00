package secret_test

import (
	"context"
	"fmt"

	"github.com/oplata-go/oplata/connector/secret"
)

func Example() {
	ctx := context.Background()
	// In production the ring comes from secret.RingFromFile or secret.RingFromEnv.
	key, err := secret.GenerateKey("k1")
	if err != nil {
		panic(err)
	}
	ring, err := secret.NewRing(key)
	if err != nil {
		panic(err)
	}

	sealer := secret.NewSealer(ring)
	sealed, err := sealer.Seal(ctx, []byte("sk_live_1"), "reseller-7", "method-42", "/api_key")
	if err != nil {
		panic(err)
	}
	fmt.Println(sealed[:6])

	plain, err := sealer.Open(ctx, sealed, "reseller-7", "method-42", "/api_key")
	fmt.Println(string(plain), err)

	_, err = sealer.Open(ctx, sealed, "reseller-7", "method-43", "/api_key")
	fmt.Println(err)
	// Output:
	// v1.k1.
	// sk_live_1 <nil>
	// secret: record does not open: altered, moved or sealed with another key
}

func ExampleValue() {
	settings := struct{ APIKey secret.Value }{secret.New("sk_live_1")}
	fmt.Printf("%+v %#v\n", settings, settings.APIKey)
	fmt.Println(settings.APIKey.Reveal())
	// Output:
	// {APIKey:***} ***
	// sk_live_1
}
