package main

import (
	"testing"

	"campaignlark/dbtest"
)

func TestMain(m *testing.M) { dbtest.Main(m) }
