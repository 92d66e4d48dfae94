package label

// SetPlain makes l take the generic path.
func SetPlain(l *Lanes) { l.setPlain() }
