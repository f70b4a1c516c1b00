package settings_test

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/oplata-go/oplata/connector/secret"
	"github.com/oplata-go/oplata/connector/settings"
)

// AcmeSettings is what a payment method of the gateway Acme needs.
type AcmeSettings struct {
	MerchantID string       `json:"merchant_id" jsonschema:"title=Merchant ID,pattern=^m-[0-9]+$"`
	APIKey     secret.Value `json:"api_key" jsonschema:"title=API key"`
	Mode       string       `json:"mode,omitempty" jsonschema:"title=Mode,enum=test,enum=live,default=test"`
}

func Example() {
	schema, err := settings.For[AcmeSettings]()
	if err != nil {
		panic(err)
	}

	err = schema.Validate([]byte(`{"merchant_id":"17","mode":"prod"}`))
	invalid := new(settings.Error)
	if errors.As(err, &invalid) {
		for _, fault := range invalid.Faults {
			fmt.Println(fault.Pointer, fault.Text("en"))
		}
		fmt.Println(invalid.Localized("ru")[0])
	}

	doc, err := schema.WithDefaults([]byte(`{"merchant_id":"m-17","api_key":"sk_1"}`))
	if err != nil {
		panic(err)
	}
	var acme AcmeSettings
	err = json.Unmarshal(doc, &acme)
	fmt.Printf("%+v %v\n", acme, err)
	// Output:
	// /api_key this field is required
	// /merchant_id does not match the pattern ^m-[0-9]+$
	// /mode must be one of: test, live
	// API key (/api_key): обязательное поле
	// {MerchantID:m-17 APIKey:*** Mode:test} <nil>
}

// A form shows no secret, and sends none back when the password field was not touched.
func ExampleSchema_Keep() {
	schema, err := settings.For[AcmeSettings]()
	if err != nil {
		panic(err)
	}
	stored := []byte(`{"merchant_id":"m-17","api_key":"sk_1"}`)

	shown, set, err := schema.Mask(stored)
	fmt.Printf("%s %v %v\n", shown, set, err)

	edited := []byte(`{"merchant_id":"m-18"}`)
	kept, err := schema.Keep(stored, edited)
	fmt.Printf("%s %v\n", kept, err)
	// Output:
	// {"merchant_id":"m-17"} [/api_key] <nil>
	// {"merchant_id":"m-18","api_key":"sk_1"} <nil>
}

// Secrets are sealed one by one; the rest of the document stays readable, and keeps every byte.
func ExampleSchema_MapSecrets() {
	schema, err := settings.For[AcmeSettings]()
	if err != nil {
		panic(err)
	}
	doc := []byte(`{"merchant_id": "m-17", "api_key": "sk_1"}`)
	sealed, err := schema.MapSecrets(doc, func(pointer, text string) (string, error) {
		// A program seals here: sealer.Seal(ctx, []byte(text), reseller, method, pointer).
		return fmt.Sprintf("sealed %d bytes at %s", len(text), pointer), nil
	})
	fmt.Printf("%s %v\n", sealed, err)
	// Output: {"merchant_id": "m-17", "api_key": "sealed 4 bytes at /api_key"} <nil>
}

func ExampleMerge() {
	static := []byte(`{"endpoint":"https://pay.example","limits":{"day":10,"month":100}}`)
	values := []byte(`{"merchant_id":"m-17","limits":{"day":5}}`)
	merged, err := settings.Merge(static, values)
	fmt.Printf("%s %v\n", merged, err)
	// Output: {"endpoint":"https://pay.example","limits":{"day":5,"month":100},"merchant_id":"m-17"} <nil>
}
