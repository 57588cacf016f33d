package main

import (
	"testing"

	"campaignlark/internal/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
