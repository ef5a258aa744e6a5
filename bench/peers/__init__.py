"""The job systems Workhall is compared with, each as it comes out of the box."""
