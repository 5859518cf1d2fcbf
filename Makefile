# Each target is one line that calls the command line; on Windows call that: python -m rnncourse TARGET
PYTHON ?= python3
RNN = $(PYTHON) -m rnncourse
export PYTHONUTF8 = 1

.DEFAULT_GOAL := help
.PHONY: help setup book offline pdf lab test test-all lint notebooks results exercises classroom test-classroom test-site bench coverage mutants colab links doctor clean

help:  ## list every target
	@$(PYTHON) -m rnncourse targets
setup:  ## make the environment and install the pinned versions
	@$(RNN) setup
book:  ## build the book and serve it (SERVE=0 only builds, FORCE=1 anew)
	@$(RNN) book $(if $(filter 0,$(SERVE)),--no-serve) $(if $(filter 1,$(FORCE)),--force)
offline:  ## pack the book into one zip that opens without a network
	@$(RNN) offline
lab:  ## open the chapters in JupyterLab on this machine (PORT=8888)
	@$(RNN) lab $(if $(PORT),--port $(PORT))
pdf:  ## print the book into one PDF
	@$(RNN) pdf
test:  ## pass every test that fits half an hour of a laptop
	@$(RNN) test
test-all:  ## the heavy tests too: rebuild all chapters, Colab's versions
	@$(RNN) test --all
lint:  ## style, format and types only
	@$(RNN) lint
notebooks:  ## run the chapters whose text or code changed
	@$(RNN) notebooks
results:  ## run the full labs and store their figures (many minutes)
	@$(RNN) results
exercises:  ## generate the students' notebooks from solutions/
	@$(RNN) exercises
classroom:  ## open a JupyterHub with a teacher and two learners on this machine
	@$(RNN) classroom $(if $(PORT),--port $(PORT)) $(if $(filter 1,$(FRESH)),--fresh)
test-classroom:  ## go through the classroom in a browser, from hand-out to feedback
	@$(RNN) test-classroom
test-site:  ## look at every page and figure in every mode; Nu and Lighthouse
	@$(RNN) test-site
bench:  ## measure speed against torch.nn and nbgrader, write benchmarks/results/
	@$(RNN) bench
coverage:  ## measure which branches of the reference and its twins the tests take
	@$(RNN) coverage
mutants:  ## spoil the reference line by line and list what no test notices
	@$(RNN) mutants
colab:  ## run every chapter in an environment with Colab's versions
	@$(RNN) colab
links:  ## ask every link of the book whether it still answers
	@$(RNN) links
doctor:  ## say what this machine has and what it lacks
	@$(RNN) doctor
clean:  ## remove what a build leaves behind
	@$(RNN) clean
