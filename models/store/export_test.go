package store

// LockMembers is what every change of members takes first.
var LockMembers = lockMembers
