package store

// LockMembers is the lock that every change of members takes first.
var LockMembers = lockMembers
