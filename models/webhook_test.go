package models

import "testing"

func TestTypesThatDoHarmAfterAnother(t *testing.T) {
	harmful := map[[2]WebhookType]bool{
		{TypeSubscribed, TypeUnsubscribed}: true, {TypeSubscribed, TypeDelete}: true,
		{TypeUnconfirmed, TypeUnsubscribed}: true, {TypeUnconfirmed, TypeDelete}: true,
		{TypeUnsubscribed, TypeDelete}: true, {TypeUnsubscribed, TypeSubscribed}: true, {TypeUnsubscribed, TypeUnconfirmed}: true,
		{TypeDelete, TypeSubscribed}: true, {TypeDelete, TypeUnconfirmed}: true,
	}
	for _, from := range WebhookTypes {
		for _, to := range WebhookTypes {
			if got, want := to.HarmfulAfter(from), harmful[[2]WebhookType{from, to}]; got != want {
				t.Errorf("%s after %s: got %t, want %t", to, from, got, want)
			}
		}
	}
}
