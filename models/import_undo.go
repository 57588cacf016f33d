package models

// UndoSpec is the spec of a JobUndo.
type UndoSpec struct {
	Import int64
	File   string // the import's
}

// UndoResult counts the contacts of a JobUndo so far.
type UndoResult struct {
	Removed      int64 // created by the import and not touched since
	Kept         int64 // created by the import and touched since, so they stay
	Back         int64 // of which values, tags or a status went back
	Later        int64 // of which something stays, because it was changed again since
	Unsubscribed int64 // that the import unsubscribed, and that stay so
}

// Add adds the counts of a step.
func (r *UndoResult) Add(step UndoResult) {
	r.Removed, r.Kept, r.Back, r.Later, r.Unsubscribed = r.Removed+step.Removed, r.Kept+step.Kept, r.Back+step.Back, r.Later+step.Later, r.Unsubscribed+step.Unsubscribed
}
