package models_test

import (
	"errors"
	"fmt"
	"testing"

	"campaignlark/models"
)

func TestInNamesTheOperation(t *testing.T) {
	t.Parallel()
	if err := models.In("contact page", nil); err != nil {
		t.Errorf("got %v, want that no error stays none", err)
	}
	err := models.In("contact page", fmt.Errorf("x: %w", models.In("tags", models.ErrNotFound)))
	var known *models.Error
	if !errors.Is(err, models.ErrNotFound) || !errors.As(err, &known) || known.Code != models.CodeNotFound {
		t.Errorf("got %v, want that the cause shows through", err)
	}
	for _, c := range []struct {
		want string
		err  error
	}{
		{"contact page: tags", err},
		{"step: lines; note the failure", errors.Join(models.In("step", models.In("lines", errors.New("ines@example.com"))), models.In("note the failure", errors.New("x")))},
		{"turn: step", models.In("turn", errors.Join(errors.New("x"), models.In("step", errors.New("y")), nil))},
		{"", errors.Join(errors.New("ines@example.com"))},
		{"", nil},
	} {
		if got := models.Chain(c.err); got != c.want {
			t.Errorf("got the chain %q, want %q", got, c.want)
		}
	}
}
