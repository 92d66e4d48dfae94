package consensus

// ForceBlocks makes an engine use blocks whatever the size, with the plain kernels where there are no others.
func (e *Engine) ForceBlocks() *Engine {
	e.fast.forceBlocks = true
	return e
}

// Path names the form that the engine's last epoch could take.
func (e *Engine) Path() string {
	if e.fast.block.on {
		return "blocks"
	}
	return "lists"
}
