package senders

import "slices"

// AnyDeliveryHeaders are the headers by which any sender can name a delivery, at every webhook.
var AnyDeliveryHeaders = []string{"Idempotency-Key", "Webhook-Id"}

// DeliveryHeaders are all headers in which senders are known to write the id of a delivery. The same delivery has the same id when it is
// sent again. Those that are not in AnyDeliveryHeaders count only at webhooks that are told so; the others explain a call.
var DeliveryHeaders = append(slices.Clone(AnyDeliveryHeaders), "Svix-Id", "X-Delivery-Id", "X-GitHub-Delivery", "X-Shopify-Webhook-Id", "X-WC-Webhook-Delivery-ID")
